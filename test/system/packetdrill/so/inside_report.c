/* What programs that a script calls are told of connections: a part of inside.c. */

static void report_connection(const struct ends *ends, enum state state, FILE *out)
{
    fprintf(out, "connection %d %s %u %u\n", ip_is_v4(&ends->remote) ? 4 : 6, state_name(state),
            ends->local_port, ends->remote_port);
}

void inside_report(const void *tcp, FILE *out)
{
    const struct tcp *of = tcp;
    for (uint32_t i = 0; of->table != NULL && i <= of->table_mask; i++)
        for (const struct node *node = of->table[i]; node != NULL; node = node->next)
            report_connection(&node->ends,
                              node->is_time_wait ? STATE_TIME_WAIT : ((const struct tcp_flow *)node)->state,
                              out);
    fprintf(out, "counter TcpExtOutOfWindowIcmps %llu\n", (unsigned long long)of->metrics.icmp_ignored.value);
}

void inside_report_closed(const void *flow, FILE *out)
{
    report_connection(&((const struct tcp_flow *)flow)->node.ends, STATE_CLOSED, out);
}
