/*
 * The search for larger segments on a path that takes smaller ones than the interface: RFC 8899 with bytes of
 * the stream as probes (RFC 4821, section 7). A probe is one segment, larger than all others. Bytes behind it
 * show soon whether it is lost. Its loss tells nothing of congestion.
 *
 * Sizes are those of a packet's payload of IP, as IP tells them: a segment with its header.
 */
#include "private.h"

enum {
    PROBES_MOST = 3, /* losses that end a search: MAX_PROBES of RFC 8899, section 5.1.2 */
    INCONCLUSIVE_MOST =
        9,         /* probes that told nothing, as other segments were lost too: they end it as well */
    FOLLOWERS = 3, /* full segments that have to be ready to go after a probe */
};

/* Lengths of packets that links and tunnels carry often, from the base size on. */
static const uint16_t common[] = { 1064, 1280, 1340, 1400, 1420, 1440, 1450, 1460,  1472,
                                   1480, 1492, 1500, 2002, 4352, 8166, 9000, 17914, 32000 };

static uint32_t ip_header(const struct tcp_flow *flow)
{
    return flow_is_v4(flow) ? 20 : 40;
}

static uint32_t options_room(const struct tcp_flow *flow)
{
    return flow->timestamps ? TIMESTAMP_SIZE : 0;
}

/* The size of the flow's full segments. */
static uint32_t size_now(const struct tcp_flow *flow)
{
    return HEADER_SIZE + options_room(flow) + flow->mss;
}

/* The largest size that the interface, the peer and the key allow. */
static uint32_t size_most(const struct tcp_flow *flow)
{
    uint32_t ours = min_u32((uint32_t)key_mss_max, 65535 - HEADER_MAX);
    return min_u32(ip_link_mtu(flow->tcp->ip, &flow->node.ends.remote),
                   HEADER_SIZE + min_u32(ours, flow->peer_mss));
}

/* The base size, which every path is expected to take (section 5.1.2). With IPv6 it is the least one too. */
static uint32_t size_base(const struct tcp_flow *flow)
{
    return HEADER_SIZE + (flow_is_v4(flow) ? BASE_V4 : MSS_V6);
}

/* The next larger size to try in this search; 0: none. */
static uint32_t size_next(const struct tcp_flow *flow)
{
    uint32_t now = size_now(flow), most = min_u32(size_most(flow), flow->search.ceiling);
    for (size_t i = 0; i < sizeof common / sizeof *common && common[i] - ip_header(flow) < most; i++)
        if (common[i] - ip_header(flow) > now)
            return common[i] - ip_header(flow);
    return most > now ? most : 0;
}

static void search_begin(struct tcp_flow *flow, enum search state, uint32_t ceiling)
{
    flow->search.state = (uint8_t)state;
    flow->search.lost = flow->search.inconclusive = 0;
    flow->search.ceiling = (uint16_t)min_u32(ceiling, UINT16_MAX);
}

/* Rest until it is time to ask whether the path has become wider. Other connections know what was found. */
static void search_complete(struct tcp_flow *flow)
{
    const struct ip_addr *peer = &flow->node.ends.remote;
    uint32_t now = size_now(flow);
    if (now >= size_most(flow)) {
        flow->search.state = SEARCH_NONE;
        return;
    }
    search_begin(flow, SEARCH_COMPLETE, UINT16_MAX);
    flow->search.raise_at = timestamp_now(flow->tcp) + (uint32_t)key_mtu_raise_ms;
    if (ip_mtu(flow->tcp->ip, peer) > now)
        ip_learn_mtu(flow->tcp->ip, peer, now);
}

/*
 * The connection begins, or its segments have become smaller. What a router said, or was found before, is
 * believed until raise_at; but not the base size or less, which hardly any path has. After segments of the
 * size `failed` have vanished, only smaller ones are tried until then. 0: none have.
 */
INTERNAL void search_start(struct tcp_flow *flow, uint32_t failed)
{
    uint32_t now = size_now(flow), base = size_base(flow);
    if (key_mtu_raise_ms == 0 || !flow->sack || now >= size_most(flow)) {
        flow->search.state = SEARCH_NONE;
        return;
    }
    if (failed == 0 && now > base) {
        search_begin(flow, SEARCH_COMPLETE, UINT16_MAX);
        flow->search.raise_at = timestamp_now(flow->tcp) + (uint32_t)key_mtu_raise_ms;
        return;
    }
    search_begin(flow, now < base ? SEARCH_ERROR : SEARCH_BASE, failed == 0 ? UINT16_MAX : failed - 1);
}

/*
 * Whether a probe may be sent at all now: no other probe, no loss and no reordering is open, and the segment
 * would have the same options as others.
 */
static bool is_calm(const struct tcp_flow *flow)
{
    return flow->search.size == 0 && flow->recovery == OPEN && flow->backoff == 0 && flow->lost_bytes == 0 &&
           flow->sacked_bytes == 0 && !flow->tail_probe && !flow->cwr && !flow->pending &&
           flow->ranges == NULL && !flow->dsack_pending;
}

/* Whether a search is under way, or may begin now. */
static bool is_searching(struct tcp_flow *flow)
{
    switch ((enum search)flow->search.state) {
    case SEARCH_NONE: return false;
    case SEARCH_BASE:
    case SEARCH_ERROR:
        /* Something has arrived in this size, and after a timeout all that was sent before it. */
        if (flow->snd_una == flow->iss + 1)
            return false;
        flow->search.state = SEARCH_UNDER_WAY;
        return true;
    case SEARCH_UNDER_WAY: return true;
    case SEARCH_COMPLETE:
        if (seq_before(timestamp_now(flow->tcp), flow->search.raise_at))
            return false;
        search_begin(flow, SEARCH_UNDER_WAY, UINT16_MAX);
        return true;
    }
    return false;
}

/*
 * Returns how many of the `unsent` bytes to send now as a probe; 0: none. With `*wait` the probe is due, and
 * fits as soon as acknowledgements have come; until then new bytes wait.
 */
INTERNAL uint32_t search_due(struct tcp_flow *flow, uint32_t unsent, bool *wait)
{
    *wait = false;
    if (!is_calm(flow) || !is_searching(flow))
        return 0;
    uint32_t size = size_next(flow);
    if (size == 0) {
        search_complete(flow);
        return 0;
    }
    uint32_t len = size - HEADER_SIZE - options_room(flow), all = len + FOLLOWERS * flow->mss;
    uint32_t flight = sent_flight(flow), room = flow->cwnd > flight ? flow->cwnd - flight : 0;
    if (unsent < all || seq_before(flow_edge(flow), flow->snd_nxt + all) || flow->cwnd < all)
        return 0;
    *wait = room < len;
    if (*wait)
        return 0;
    flow->search.size = (uint16_t)size;
    COUNT(flow->tcp, mtu_probes);
    return len;
}

/* The probe has arrived, and so will all segments of its size. */
INTERNAL void search_arrived(struct tcp_flow *flow, struct sent *probe)
{
    const struct ip_addr *peer = &flow->node.ends.remote;
    uint32_t size = flow->search.size;
    probe->probe = false;
    flow->search.size = 0;
    flow->search.lost = flow->search.inconclusive = 0;
    COUNT(flow->tcp, mtu_found);
    log_debug("port %u: the path carries %u bytes", flow->node.ends.remote_port, size + ip_header(flow));
    mss_set(flow, size);
    if (ip_mtu(flow->tcp->ip, peer) < size)
        ip_learn_mtu(flow->tcp->ip, peer, size);
    if (size_next(flow) == 0)
        search_complete(flow);
}

/*
 * The probe is lost. `alone` when nothing else is: only then its size is the likely reason. The caller has
 * unmarked its record, and sends its bytes again.
 */
INTERNAL void search_lost(struct tcp_flow *flow, bool alone)
{
    flow->search.size = 0;
    COUNT(flow->tcp, mtu_probes_lost);
    if (alone)
        flow->search.lost++;
    else
        flow->search.inconclusive++;
    if (flow->search.state == SEARCH_UNDER_WAY &&
        (flow->search.lost >= PROBES_MOST || flow->search.inconclusive >= INCONCLUSIVE_MOST))
        search_complete(flow);
}

/*
 * The probe's bytes will be acknowledged in parts, or are sent again for another reason. Whether the probe
 * arrives can't be known any more.
 */
INTERNAL void search_spoiled(struct tcp_flow *flow, struct sent *probe)
{
    probe->probe = false;
    search_lost(flow, false);
}

/*
 * A router says that the segment from `seq` on was too long for a link of `mtu` bytes; 0: it does not say how
 * many. If that was the probe, this is its loss, and what the router says is the next size to try. Each such
 * answer counts as a loss, so that they can't keep a search going. Returns whether it was the probe.
 */
INTERNAL bool search_too_big(struct tcp_flow *flow, uint32_t seq, uint32_t mtu)
{
    uint32_t header = ip_header(flow), size = mtu > header ? mtu - header : 0;
    struct sent *s = flow->search.size != 0 ? flow->sent : NULL;
    while (s != NULL && !s->probe)
        s = s->next;
    if (s == NULL || s->seq != seq || size >= flow->search.size)
        return false;
    s->probe = false;
    sent_mark_lost(flow, s);
    if (size != 0)
        flow->search.ceiling = (uint16_t)size;
    search_lost(flow, true);
    flush_later(flow);
    return true;
}
