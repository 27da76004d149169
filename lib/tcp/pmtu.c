/*
 * How large segments may be, and what ICMP says about the path and the destination. ICMP can be forged, so a
 * message counts only when it quotes something in flight, and it never ends an established connection (RFC
 * 5927). Where routers send no ICMP, large segments that keep vanishing are taken to be too large for the
 * path.
 */
#include "private.h"

#include <base/wire/wire.h>

enum { BLACK_HOLE_TIMEOUTS = 5 };

/* Returns how many bytes of payload an IP packet on this path may have. */
INTERNAL uint32_t mss_of_path(struct tcp_flow *flow)
{
    return ip_mtu(flow->tcp->ip, &flow->node.ends.remote);
}

/*
 * Returns the MSS to offer. It is what the interface takes, without options (RFC 9293, section 3.7.1; RFC
 * 6691): the MTU of the path to the peer says nothing about the path from it.
 */
INTERNAL uint16_t mss_offered(struct tcp *tcp, const struct ip_addr *peer)
{
    uint32_t payload = ip_link_mtu(tcp->ip, peer);
    return (uint16_t)min_u32(payload > HEADER_SIZE + MSS_LEAST ? payload - HEADER_SIZE : MSS_LEAST,
                             (uint32_t)key_mss_max);
}

/* Set the size of segments for an IP payload of this many bytes. */
INTERNAL void mss_set(struct tcp_flow *flow, uint32_t payload)
{
    uint32_t options = flow->timestamps ? TIMESTAMP_SIZE : 0;
    uint32_t room = payload > HEADER_SIZE + MSS_LEAST ? payload - HEADER_SIZE : MSS_LEAST;
    flow->mss = (uint16_t)(min_u32(min_u32(room, flow->peer_mss),
                                   min_u32((uint32_t)key_mss_max, 65535 - HEADER_MAX)) -
                           options);
}

/*
 * Take over the path's MTU from IP, which may have become smaller. Returns true when segments are smaller
 * now.
 */
INTERNAL bool mss_refresh(struct tcp_flow *flow)
{
    uint16_t before = flow->mss;
    uint32_t payload = mss_of_path(flow);
    if (payload < flow->mss + HEADER_SIZE + (flow->timestamps ? (uint32_t)TIMESTAMP_SIZE : 0))
        mss_set(flow, payload);
    if (flow->mss >= before)
        return false;
    search_start(flow, 0);
    return true;
}

static void resend_large(struct tcp_flow *flow)
{
    for (struct sent *s = flow->sent; s != NULL; s = s->next)
        if (!s->sacked && (!s->lost || s->resent) && s->end - s->seq > flow->mss)
            sent_mark_lost(flow, s);
    if (flow->lost_bytes > 0)
        flow->cwnd = max_u32(flow->cwnd, sent_flight(flow) + flow->mss);
    flush_later(flow);
}

/*
 * RFC 8899, section 4.3, and RFC 4821: large segments have timed out several times in a row. Fall back to a
 * size that surely passes.
 */
INTERNAL void black_hole_suspected(struct tcp_flow *flow)
{
    uint32_t options = flow->timestamps ? TIMESTAMP_SIZE : 0;
    uint32_t base = flow_is_v4(flow) ? BASE_V4 : MSS_V6, least = flow_is_v4(flow) ? MSS_V4 : MSS_V6;
    uint32_t mss = flow->mss + options;
    if (flow->backoff < BLACK_HOLE_TIMEOUTS || mss <= least ||
        flow->snd_queued + options <= (mss > base ? base : least))
        return;
    COUNT(flow->tcp, black_holes);
    mss_set(flow, HEADER_SIZE + (mss > base ? base : least));
    search_start(flow, HEADER_SIZE + mss);
    flow->cwnd = flow->mss;
}

/* IP remembers the MTU for the path, and raises values that no path has. Then the flow's segments shrink. */
static void too_big(struct tcp_flow *flow, const struct icmp_error *error)
{
    bool probe = search_too_big(flow, wire_get32(error->transport + 4), error->mtu);
    if (probe && error->mtu == 0)
        return; /* how much less it may be is not known, and segments of the present size pass */
    ip_reduce_mtu(flow->tcp->ip, &flow->node.ends.remote, error->mtu);
    if (mss_refresh(flow))
        resend_large(flow);
}

/* A SYN with bytes was too large. It is sent again without them, once. */
static void syn_too_big(struct tcp_flow *flow, const struct icmp_error *error)
{
    if (!flow->asked || flow->snd_nxt == flow->iss + 1)
        return;
    flow->asked = false;
    ip_reduce_mtu(flow->tcp->ip, &flow->node.ends.remote, error->mtu);
    send_control(flow, flow->iss, SYN);
}

static err unreachable(enum icmp_error_kind kind)
{
    return kind == ICMP_UNREACHABLE_PORT || kind == ICMP_UNREACHABLE_PROTOCOL ? ERR_REFUSED : ERR_UNREACHABLE;
}

static struct tcp_flow *quoted_flow(const struct tcp *tcp, const struct icmp_error *error)
{
    const uint8_t *t = error->transport;
    struct ends ends = {
        .local = error->head.source,
        .remote = error->head.destination,
        .local_port = wire_get16(t),
        .remote_port = wire_get16(t + 2),
    };
    uint32_t seq = wire_get32(t + 4);
    struct node *node = table_find(tcp, &ends);
    if (node == NULL || node->is_time_wait)
        return NULL;
    struct tcp_flow *flow = (struct tcp_flow *)node;
    /* RFC 5927, section 4.1. A SYN-ACK is in flight until the handshake is done. */
    uint32_t first = flow->pending ? flow->iss : flow->snd_una;
    if (seq_before(seq, first) || !seq_before(seq, flow->snd_nxt))
        return NULL;
    return flow;
}

void icmp_on_tcp_error(void *ctx, const struct icmp_error *error)
{
    struct tcp *tcp = ctx;
    struct tcp_flow *flow = quoted_flow(tcp, error);
    if (flow == NULL) {
        COUNT(tcp, icmp_ignored);
        return;
    }
    tcp->now = os_now();
    switch (error->kind) {
    case ICMP_TOO_BIG:
        if (flow_synchronized(flow))
            too_big(flow, error);
        else if (flow->state == STATE_SYN_SENT)
            syn_too_big(flow, error);
        break;
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM: break;
    case ICMP_UNREACHABLE_NET:
    case ICMP_UNREACHABLE_HOST:
    case ICMP_UNREACHABLE_PROTOCOL:
    case ICMP_UNREACHABLE_PORT:
    case ICMP_UNREACHABLE_ADMIN:
        /*
         * A handshake in progress fails, whichever end began it (RFC 5461, section 4.1), and a half-open
         * connection leaves its place in the backlog. For other connections, also those that began with bytes
         * in their SYN and were accepted, the error is only a hint: their timeouts decide.
         */
        if (flow->state > STATE_SYN_RECEIVED || (flow->pending && flow->listener == NULL))
            break;
        if (flow->asked && flow->snd_nxt != flow->iss + 1)
            fast_open_refused(flow);
        flow_end(flow, unreachable(error->kind));
        break;
    }
}
