/* TCP_INFO of a connection: a part of inside.c. */

static uint8_t linux_state(const struct tcp_flow *f)
{
    static const uint8_t states[STATES] = {
        [STATE_CLOSED] = TCP_CLOSE,
        [STATE_LISTEN] = TCP_LISTEN,
        [STATE_SYN_SENT] = TCP_SYN_SENT,
        [STATE_SYN_RECEIVED] = TCP_SYN_RECV,
        [STATE_ESTABLISHED] = TCP_ESTABLISHED,
        [STATE_FIN_WAIT_1] = TCP_FIN_WAIT1,
        [STATE_FIN_WAIT_2] = TCP_FIN_WAIT2,
        [STATE_CLOSE_WAIT] = TCP_CLOSE_WAIT,
        [STATE_CLOSING] = TCP_CLOSING,
        [STATE_LAST_ACK] = TCP_LAST_ACK,
        [STATE_TIME_WAIT] = TCP_TIME_WAIT,
    };
    return states[f->state];
}

static uint8_t linux_ca_state(const struct tcp_flow *f)
{
    switch (f->recovery) {
    case REDUCED: return TCP_CA_CWR;
    case RECOVERY: return TCP_CA_Recovery;
    case LOSS: return TCP_CA_Loss;
    default: return f->sacked_bytes > 0 || f->dup_acks > 0 ? TCP_CA_Disorder : TCP_CA_Open;
    }
}

/* The size is not known while a SYN is in flight. */
static uint32_t mss_of(const struct tcp_flow *f)
{
    return f->mss != 0 ? f->mss : MSS_V4;
}

static uint32_t segments(const struct tcp_flow *f, uint32_t bytes)
{
    return (bytes + mss_of(f) - 1) / mss_of(f);
}

/* The count of segments includes the SYN, which may have had bytes. */
static uint32_t delivered(const struct tcp_flow *f, uint32_t syn_bytes)
{
    if (f->state < STATE_ESTABLISHED)
        return 0;
    uint32_t bytes = f->snd_una - f->iss - 1 - (f->fin_sent && f->snd_una == f->snd_nxt) + f->sacked_bytes;
    return 1 + segments(f, f->syn_data && bytes >= syn_bytes ? bytes - syn_bytes : bytes);
}

static uint32_t us(os_time t)
{
    return (uint32_t)(t / MICROSECONDS(1));
}

static uint32_t ms_since(const struct tcp_flow *f, os_time t)
{
    (void)f;
    return (uint32_t)((os_now() - t) / MILLISECONDS(1));
}

void inside_info(const void *flow, uint32_t syn_bytes, struct tcp_info *out)
{
    const struct tcp_flow *f = flow;
    *out = (struct tcp_info){
        .tcpi_state = linux_state(f),
        .tcpi_ca_state = linux_ca_state(f),
        .tcpi_retransmits = f->backoff,
        .tcpi_probes = f->probes,
        .tcpi_backoff = f->backoff,
        .tcpi_options = (f->timestamps ? TCPI_OPT_TIMESTAMPS : 0) | (f->sack ? TCPI_OPT_SACK : 0) |
                        (f->scaled ? TCPI_OPT_WSCALE : 0) | (f->ecn ? TCPI_OPT_ECN : 0) |
                        (f->syn_data ? TCPI_OPT_SYN_DATA : 0),
        .tcpi_snd_wscale = f->snd_scale & 15,
        .tcpi_rcv_wscale = f->scaled ? f->rcv_scale & 15 : 0,
        .tcpi_rto = us(f->rto),
        .tcpi_ato = (uint32_t)key_delayed_ack_ms * 1000,
        .tcpi_snd_mss = f->mss,
        .tcpi_rcv_mss = f->rcv_mss,
        .tcpi_unacked = segments(f, f->snd_nxt - f->snd_una - (f->fin_sent && f->snd_nxt != f->snd_una)),
        .tcpi_sacked = segments(f, f->sacked_bytes),
        .tcpi_lost = segments(f, f->lost_bytes),
        .tcpi_retrans = segments(f, f->resent_bytes),
        .tcpi_last_data_sent = ms_since(f, f->last_sent),
        .tcpi_last_data_recv = ms_since(f, f->last_received),
        .tcpi_last_ack_recv = ms_since(f, f->last_progress),
        .tcpi_delivered = delivered(f, syn_bytes),
        .tcpi_pmtu = ip_mtu(f->tcp->ip, &f->node.ends.remote) + (flow_is_v4(f) ? 20 : 40),
        .tcpi_rcv_ssthresh = f->rcv_buffer,
        .tcpi_rtt = us(f->srtt),
        .tcpi_rttvar = us(f->rttvar),
        .tcpi_snd_ssthresh = f->ssthresh >= 0x7fffffff ? 0x7fffffff : segments(f, f->ssthresh),
        .tcpi_snd_cwnd = f->cwnd / mss_of(f),
        .tcpi_advmss = f->mss,
        .tcpi_reordering = segments(f, f->reordering) > 3 ? segments(f, f->reordering) : 3,
        .tcpi_rcv_space = f->rcv_buffer,
        .tcpi_total_retrans = (uint32_t)(f->tcp->metrics.resent.value + mss_of(f) - 1) / mss_of(f),
    };
}
