/* The signature's operations: the module itself, opening, listening and accepting. FLOW's are in stream.c. */
#include "private.h"

#include <stdlib.h>

static const os_time KEEPALIVE_MOST = HOURS(24 * 365); /* so that times do not overflow */

static const struct metric_row metrics[] = {
    METRIC_ROW(struct tcp, metrics.segments_in, COUNTER, "tcp.segments_in", "segments received"),
    METRIC_ROW(struct tcp, metrics.segments_out, COUNTER, "tcp.segments_out",
               "segments handed to IP, large ones as one"),
    METRIC_ROW(struct tcp, metrics.resent, COUNTER, "tcp.resent", "bytes retransmitted"),
    METRIC_ROW(struct tcp, metrics.bad_checksum, COUNTER, "tcp.bad_checksum",
               "segments with a wrong checksum"),
    METRIC_ROW(struct tcp, metrics.malformed, COUNTER, "tcp.malformed",
               "segments that do not follow RFC 9293"),
    METRIC_ROW(struct tcp, metrics.unwanted, COUNTER, "tcp.unwanted",
               "segments for no connection, answered with a reset"),
    METRIC_ROW(struct tcp, metrics.opened, COUNTER, "tcp.opened", "connections opened actively"),
    METRIC_ROW(struct tcp, metrics.accepted, COUNTER, "tcp.accepted", "connections opened passively"),
    METRIC_ROW(struct tcp, metrics.broken, COUNTER, "tcp.broken",
               "connections reset by the peer or given up"),
    METRIC_ROW(struct tcp, metrics.out_of_window, COUNTER, "tcp.out_of_window",
               "segments outside the window"),
    METRIC_ROW(struct tcp, metrics.paws, COUNTER, "tcp.paws", "segments with an old time stamp"),
    METRIC_ROW(struct tcp, metrics.challenges, COUNTER, "tcp.challenges",
               "challenge acknowledgements (RFC 5961)"),
    METRIC_ROW(struct tcp, metrics.cookies_sent, COUNTER, "tcp.cookies_sent", "SYN cookies sent"),
    METRIC_ROW(struct tcp, metrics.cookies_good, COUNTER, "tcp.cookies_good",
               "connections made from a cookie"),
    METRIC_ROW(struct tcp, metrics.cookies_bad, COUNTER, "tcp.cookies_bad",
               "acknowledgements that bore no cookie of ours"),
    METRIC_ROW(struct tcp, metrics.fast_open_given, COUNTER, "tcp.fast_open_given",
               "Fast Open cookies given"),
    METRIC_ROW(struct tcp, metrics.fast_open_good, COUNTER, "tcp.fast_open_good",
               "connections begun with a Fast Open cookie of ours"),
    METRIC_ROW(struct tcp, metrics.fast_open_bad, COUNTER, "tcp.fast_open_bad",
               "Fast Open cookies that were not ours, or no more"),
    METRIC_ROW(struct tcp, metrics.fast_open_sent, COUNTER, "tcp.fast_open_sent", "SYNs sent with bytes"),
    METRIC_ROW(struct tcp, metrics.fast_open_taken, COUNTER, "tcp.fast_open_taken",
               "and acknowledged with some of them"),
    METRIC_ROW(struct tcp, metrics.fast_open_limited, COUNTER, "tcp.fast_open_limited",
               "Fast Open refused because too many had not finished"),
    METRIC_ROW(struct tcp, metrics.backlog_full, COUNTER, "tcp.backlog_full",
               "SYNs dropped because a listener's queues were full"),
    METRIC_ROW(struct tcp, metrics.refused_memory, COUNTER, "tcp.refused_memory",
               "connections or segments refused for want of memory or by a limit"),
    METRIC_ROW(struct tcp, metrics.collapsed, COUNTER, "tcp.collapsed",
               "times that a connection's received bytes were copied together, because they were sparse"),
    METRIC_ROW(struct tcp, metrics.timeouts, COUNTER, "tcp.timeouts", "retransmission timeouts"),
    METRIC_ROW(struct tcp, metrics.recoveries, COUNTER, "tcp.recoveries", "fast recoveries"),
    METRIC_ROW(struct tcp, metrics.undone, COUNTER, "tcp.undone",
               "reductions of the window undone as spurious"),
    METRIC_ROW(struct tcp, metrics.tail_probes, COUNTER, "tcp.tail_probes", "tail loss probes"),
    METRIC_ROW(struct tcp, metrics.reneged, COUNTER, "tcp.reneged", "SACKs that the peer took back"),
    METRIC_ROW(struct tcp, metrics.black_holes, COUNTER, "tcp.black_holes",
               "path MTUs lowered because large segments vanished"),
    METRIC_ROW(struct tcp, metrics.mtu_probes, COUNTER, "tcp.mtu_probes",
               "segments sent to find out whether the path carries larger ones (RFC 8899)"),
    METRIC_ROW(struct tcp, metrics.mtu_probes_lost, COUNTER, "tcp.mtu_probes_lost",
               "and lost, or sent again for another reason"),
    METRIC_ROW(struct tcp, metrics.mtu_found, COUNTER, "tcp.mtu_found", "and arrived: segments grew"),
    METRIC_ROW(struct tcp, metrics.icmp_ignored, COUNTER, "tcp.icmp_ignored",
               "ICMP errors that concern nothing in flight"),
    METRIC_ROW(struct tcp, metrics.time_wait_recycled, COUNTER, "tcp.time_wait_recycled",
               "connections in TIME-WAIT that gave way"),
    METRIC_ROW(struct tcp, metrics.orphans_reset, COUNTER, "tcp.orphans_reset",
               "closed connections reset by a limit"),
};
_Static_assert(sizeof metrics / sizeof *metrics ==
                   sizeof((struct tcp *)NULL)->metrics / sizeof(struct metric),
               "each counter has a row");

IO err tcp_connect(struct tcp **out, struct ip *ip, struct icmp *icmp, struct random *random)
{
    struct tcp *tcp = calloc(1, sizeof *tcp);
    if (tcp == NULL)
        return ERR_NO_MEMORY;
    tcp->ip = ip;
    tcp->icmp = icmp;
    tcp->random = random;
    tcp->offloads = ip_offloads(ip);
    random_fill(random, tcp->key, sizeof tcp->key);
    random_fill(random, tcp->table_key, sizeof tcp->table_key);
    random_fill(random, tcp->port_offsets, sizeof tcp->port_offsets);
    fast_open_start(tcp);
    tcp->flush_last = &tcp->flush_first;
    tcp->flush_timer = (struct os_timer)OS_TIMER_INIT(flush_fire, tcp);
    tcp->time_wait_timer = (struct os_timer)OS_TIMER_INIT(time_wait_fire, tcp);
    metric_register(metrics, tcp, INSTANCE_NAME);
    ip_listen_tcp(ip, tcp);
    icmp_listen_tcp(icmp, tcp);
    *out = tcp;
    return OK;
}

/*
 * Reset and free the remaining connections. A flow that an application still holds is the application's
 * mistake.
 */
static void end_all(struct tcp *tcp)
{
    for (uint32_t i = 0; tcp->table != NULL && i <= tcp->table_mask; i++)
        while (tcp->table[i] != NULL) {
            struct node *node = tcp->table[i];
            uint32_t mask = tcp->table_mask;
            if (node->is_time_wait) {
                time_wait_end(tcp, (struct time_wait *)node);
            } else {
                send_reset((struct tcp_flow *)node);
                flow_end((struct tcp_flow *)node, ERR_CLOSED);
            }
            if (mask != tcp->table_mask) {
                i = UINT32_MAX; /* the table has shrunk: begin again */
                break;
            }
        }
    flush_fire(tcp);
}

static void free_listeners(struct tcp *tcp)
{
    for (int i = 0; i < LISTENER_BUCKETS; i++)
        while (tcp->listeners[i] != NULL)
            tcp_unlisten(tcp->listeners[i]);
}

IO void tcp_disconnect(struct tcp *tcp)
{
    free_listeners(tcp);
    /* Give the bytes that were written before the program ended time to arrive. */
    OS_SHIELD
    {
        os_time until = os_now() + MILLISECONDS(key_disconnect_ms);
        while (tcp->orphans.count > 0 && os_wait_until(&tcp->drained, until) == OK)
            continue;
    }
    ip_listen_tcp(tcp->ip, NULL);
    icmp_listen_tcp(tcp->icmp, NULL);
    end_all(tcp);
    os_timer_stop(&tcp->flush_timer);
    os_timer_stop(&tcp->time_wait_timer);
    while (tcp->spare_sent != NULL) {
        struct sent *next = tcp->spare_sent->next;
        free(tcp->spare_sent);
        tcp->spare_sent = next;
    }
    metric_unregister(metrics, tcp);
    free(tcp->table);
    free(tcp->fast_open_peers);
    explicit_bzero(tcp->key, sizeof tcp->key);
    explicit_bzero(tcp->fast_open_keys, sizeof tcp->fast_open_keys);
    free(tcp);
}

/*
 * Send our SYN. With `fast` it carries Fast Open's option, and bytes of the queue when we have the peer's
 * cookie.
 */
static void begin_handshake(struct tcp_flow *flow, bool fast)
{
    struct tcp *tcp = flow->tcp;
    struct fast_open option = { 0 };
    uint32_t len = 0;
    const struct ends *ends = &flow->node.ends;
    if (fast && fast_open_known(tcp, &ends->remote, ends->remote_port, &option, &len)) {
        flow->asked = true;
        len = min_u32(len, flow->snd_queued);
    } else {
        option.kind = 0;
    }
    if (len > 0)
        COUNT(tcp, fast_open_sent);
    flow->snd_nxt = flow->iss + 1 + len;
    flow_step(flow, SEND_SYN);
    flow->retransmit_mode = MODE_RTO;
    timer_at(flow, TIMER_RETRANSMIT, tcp->now + flow->rto);
    send_syn(flow, SYN, &option, len);
}

/* Make a connection in SYN-SENT to the peer, from a free port. Takes `first` only when it succeeds. */
static err open_begin(struct tcp *tcp, const struct endpoint *peer, struct marks marks, bool fast,
                      struct buf *first, struct tcp_flow **out)
{
    struct ends ends = { .remote = peer->addr, .remote_port = peer->port };
    struct time_wait *replaced;
    uint32_t iss;
    TRY(ip_source(tcp->ip, &peer->addr, &ends.local));
    TRY(port_choose(tcp, &ends, &replaced, tcp->now));
    iss = isn_make(tcp, &ends, tcp->now);
    if (replaced != NULL) {
        iss = seq_max(iss, replaced->snd_nxt + 65535 + 2);
        time_wait_end(tcp, replaced);
    }
    struct tcp_flow *flow = flow_new(tcp, &ends);
    if (flow == NULL)
        return ERR_NO_MEMORY;
    flow->owned = flow->opening = true;
    flow->marks = marks;
    flow->handshake_limit = (uint8_t)key_syn_retries;
    flow->iss = flow->snd_una = iss;
    enqueue(flow, first);
    begin_handshake(flow, fast);
    *out = flow;
    return OK;
}

/* Wait until the connection is established or has failed. */
static IO err open_finish(struct tcp_flow *flow, struct tcp_flow **out)
{
    err e = OK;
    while (e == OK && flow->opening && flow->state != STATE_CLOSED)
        e = os_wait(&flow->writers);
    if (e == OK && flow->opening)
        e = flow->error;
    if (e != OK) {
        tcp_abort(flow);
        return e;
    }
    *out = flow;
    return OK;
}

IO err tcp_open(struct tcp *tcp, const struct endpoint *peer, struct tcp_flow **out)
{
    struct tcp_flow *flow;
    tcp->now = os_now();
    if (peer->port == 0 || ip_is_any(&peer->addr))
        return ERR_UNREACHABLE;
    TRY(open_begin(tcp, peer, (struct marks){ 0 }, false, NULL, &flow));
    return open_finish(flow, out);
}

/* Returns ERR_INVALID, and says why, when the options are out of their bounds. */
static err read_options(const struct tcp_options *options, struct marks *out)
{
    char text[IP_MARKS_TEXT];
    if (!ip_marks_valid(options->dscp, options->hop_limit, text)) {
        log_warning("%s", text);
        return ERR_INVALID;
    }
    *out = (struct marks){ .traffic_class = (uint8_t)(options->dscp << 2),
                           .hop_limit = (uint8_t)options->hop_limit };
    return OK;
}

IO err tcp_open_with(struct tcp *tcp, const struct endpoint *peer, const struct tcp_options *options,
                     struct buf *first, struct tcp_flow **out)
{
    struct tcp_flow *flow;
    struct marks marks = { 0 };
    size_t len = buf_len(first);
    err e = OK;
    tcp->now = os_now();
    if (first == NULL)
        return ERR_NO_MEMORY;
    if (options != NULL)
        e = read_options(options, &marks);
    if (e == OK && (peer->port == 0 || ip_is_any(&peer->addr)))
        e = ERR_UNREACHABLE;
    else if (e == OK && len > QUEUE_MOST)
        e = ERR_TOO_LARGE;
    else if (e == OK)
        e = open_begin(tcp, peer, marks, len > 0, first, &flow);
    if (e == OK)
        return open_finish(flow, out);
    buf_free(first);
    return e;
}

/* Choose a port that has no listener: RFC 6056's simple randomisation. */
static err choose_listening_port(struct tcp *tcp, const struct ip_addr *local, uint16_t *port)
{
    uint32_t count = (uint32_t)(key_port_last - key_port_first + 1), at = random_below(tcp->random, count);
    for (uint32_t i = 0; i < count; i++) {
        *port = (uint16_t)((uint32_t)key_port_first + (at + i) % count);
        if (!listener_conflicts(tcp, local, *port))
            return OK;
    }
    return ERR_ADDRESS_IN_USE;
}

err tcp_listen(struct tcp *tcp, const struct ip_addr *local, uint16_t port, uint32_t backlog,
               struct tcp_listener **out)
{
    if (!ip_is_any(local) && !ip_has(tcp->ip, local))
        return ERR_ADDRESS_NOT_HERE;
    if (port == 0)
        TRY(choose_listening_port(tcp, local, &port));
    else if (listener_conflicts(tcp, local, port))
        return ERR_ADDRESS_IN_USE;
    struct tcp_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return ERR_NO_MEMORY;
    listener->tcp = tcp;
    listener->local = *local;
    listener->port = port;
    listener->backlog = backlog > 0 ? backlog : 1;
    listener->next = tcp->listeners[port % LISTENER_BUCKETS];
    tcp->listeners[port % LISTENER_BUCKETS] = listener;
    *out = listener;
    return OK;
}

uint16_t tcp_listener_port(struct tcp_listener *listener)
{
    return listener->port;
}

IO err tcp_accept(struct tcp_listener *listener, struct tcp_flow **out)
{
    struct tcp_flow *flow;
    while ((flow = listener->ready.flows.first) == NULL)
        TRY(os_wait(&listener->acceptors));
    flow_list_remove(&listener->ready, flow);
    flow->listener = NULL;
    flow->owned = true;
    *out = flow;
    return OK;
}

/* Reset the connections that nobody will accept, and free those that have ended. */
static void end_list(struct flow_list *list)
{
    struct tcp_flow *flow;
    while ((flow = list->flows.first) != NULL) {
        flow_list_remove(list, flow);
        flow->listener = NULL;
        if (flow->ended) {
            flow_free(flow);
            continue;
        }
        send_reset(flow);
        flow_end(flow, ERR_CLOSED);
    }
}

void tcp_unlisten(struct tcp_listener *listener)
{
    struct tcp *tcp = listener->tcp;
    struct tcp_listener **link = &tcp->listeners[listener->port % LISTENER_BUCKETS];
    tcp->now = os_now();
    end_list(&listener->half_open);
    end_list(&listener->ready);
    while (*link != listener)
        link = &(*link)->next;
    *link = listener->next;
    os_fail_all(&listener->acceptors, ERR_CLOSED);
    free(listener);
}

void tcp_peer(struct tcp_flow *flow, struct endpoint *out)
{
    *out = (struct endpoint){ flow->node.ends.remote, flow->node.ends.remote_port };
}

void tcp_local(struct tcp_flow *flow, struct endpoint *out)
{
    *out = (struct endpoint){ flow->node.ends.local, flow->node.ends.local_port };
}

void tcp_set_nodelay(struct tcp_flow *flow, bool on)
{
    flow->nodelay = on;
    if (on && flow->state != STATE_CLOSED)
        flush_later(flow);
}

void tcp_set_keepalive(struct tcp_flow *flow, os_time idle)
{
    flow->keepalive = idle <= 0 ? 0 : idle < KEEPALIVE_MOST ? idle : KEEPALIVE_MOST;
    flow->probes = 0;
    if (flow->state == STATE_CLOSED)
        return;
    flow->tcp->now = os_now();
    if (idle > 0)
        timer_at(flow, TIMER_KEEPALIVE, flow->last_received + flow->keepalive);
    else
        timer_off(flow, TIMER_KEEPALIVE);
}

err tcp_set_options(struct tcp_flow *flow, const struct tcp_options *options)
{
    return read_options(options, &flow->marks);
}
