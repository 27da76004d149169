/*
 * Fast Open (RFC 7413), the active side: the cookies that peers gave us, the MSS of each peer, and the peers
 * with which Fast Open failed. There is one entry for each address. When the cache is full, the least
 * recently used entry is replaced.
 */
#include "private.h"

#include <stdlib.h>

enum { FAILURES_MOST = 2, OPTIONS_SPACE = HEADER_MAX - HEADER_SIZE };

/*
 * Section 4.1.3.1: a server may not take bytes in a SYN, and a path may drop such SYNs or those with the
 * option. After that the peer's port is opened in the ordinary way for a while.
 */
static const os_time PAUSE = HOURS(1);

/* Move the first `n` entries back by one, and put this one in front. */
static struct fast_open_peer *to_front(struct fast_open_peer *peers, size_t n, struct fast_open_peer peer)
{
    memmove(peers + 1, peers, n * sizeof *peers);
    peers[0] = peer;
    return peers;
}

static struct fast_open_peer *find_peer(struct tcp *tcp, const struct ip_addr *address)
{
    for (size_t i = 0; tcp->fast_open_peers != NULL && i < FAST_OPEN_PEERS; i++)
        if (ip_equal(&tcp->fast_open_peers[i].address, address))
            return to_front(tcp->fast_open_peers, i, tcp->fast_open_peers[i]);
    return NULL;
}

/* The entry of this peer, made if there is none. NULL: no memory. */
static struct fast_open_peer *find_or_add_peer(struct tcp *tcp, const struct ip_addr *address)
{
    struct fast_open_peer *peer = find_peer(tcp, address);
    if (peer != NULL)
        return peer;
    if (tcp->fast_open_peers == NULL &&
        (tcp->fast_open_peers = calloc(FAST_OPEN_PEERS, sizeof *peer)) == NULL)
        return NULL;
    return to_front(tcp->fast_open_peers, FAST_OPEN_PEERS - 1,
                    (struct fast_open_peer){ .address = *address });
}

/*
 * Returns the option for a SYN to this peer, and how many bytes may go with it. The length is reckoned as if
 * the SYN had as many options as fit, since hosts on the path may add some. Returns false when the SYN should
 * be an ordinary one.
 */
INTERNAL bool fast_open_known(struct tcp *tcp, const struct ip_addr *peer, uint16_t port,
                              struct fast_open *option, uint32_t *room)
{
    const struct fast_open_peer *known = find_peer(tcp, peer);
    *room = 0;
    *option = (struct fast_open){ .kind = FAST_OPEN_KIND };
    if (known == NULL)
        return true;
    if (port == known->port && tcp->now < known->not_before)
        return false;
    if (known->cookie.len == 0)
        return true;
    *option = known->cookie;
    uint32_t path = ip_mtu(tcp->ip, peer), mss = known->mss != 0  ? known->mss
                                                 : ip_is_v4(peer) ? MSS_V4
                                                                  : MSS_V6;
    path = path > HEADER_SIZE + MSS_LEAST ? path - HEADER_SIZE : MSS_LEAST;
    *room = min_u32(max_u32(min_u32(mss, (uint32_t)key_mss_max), MSS_LEAST), path) - OPTIONS_SPACE;
    return true;
}

/*
 * Fast Open has failed with this peer's port. Cookies are the peer's, but what takes bytes in a SYN is a
 * port. After `most` failures in a row it is not tried for a while.
 */
static void note_failure(struct tcp_flow *flow, uint8_t most)
{
    struct fast_open_peer *peer = find_or_add_peer(flow->tcp, &flow->node.ends.remote);
    if (peer == NULL)
        return;
    if (peer->port != flow->node.ends.remote_port)
        peer->failures = 0;
    peer->port = flow->node.ends.remote_port;
    peer->not_before = 0;
    if (++peer->failures < most)
        return;
    peer->failures = 0;
    peer->not_before = flow->tcp->now + PAUSE;
}

/* The peer has answered the SYN, or a router did, but the bytes in it were not taken. */
INTERNAL void fast_open_refused(struct tcp_flow *flow)
{
    note_failure(flow, 1);
}

/* A SYN with the option got no answer. It may be an ordinary loss, or the path drops such SYNs. */
INTERNAL void fast_open_failed(struct tcp_flow *flow)
{
    note_failure(flow, FAILURES_MOST);
}

static void forget_failures(struct fast_open_peer *peer, uint16_t port)
{
    if (peer->port != port)
        return;
    peer->failures = 0;
    peer->not_before = 0;
}

/*
 * Learn from the answer to a SYN of ours that carried the option. A peer that took none of its bytes refuses
 * them, unless it gives another cookie: then the old one may have been no longer good. A peer that answers
 * with a cookie of an impossible length has Fast Open wrong.
 */
INTERNAL void fast_open_learn(struct tcp_flow *flow, const struct segment *syn_ack)
{
    const struct fast_open *cookie = &syn_ack->fast_open;
    bool given = cookie->len > 0, taken = syn_ack->ack != flow->iss + 1;
    bool first = flow->backoff == 0, refused = first && !taken && flow->snd_nxt != flow->iss + 1;
    if (syn_ack->bad_cookie && !taken) {
        fast_open_refused(flow);
        return;
    }
    struct fast_open_peer *peer = given ? find_or_add_peer(flow->tcp, &flow->node.ends.remote)
                                        : find_peer(flow->tcp, &flow->node.ends.remote);
    if (peer == NULL)
        return;
    bool fresh = given && !same_cookie(cookie, &peer->cookie);
    peer->mss = syn_ack->mss;
    if (given)
        peer->cookie = *cookie;
    if (refused && fresh)
        fast_open_failed(flow);
    else if (refused)
        fast_open_refused(flow);
    else if (given || taken || first)
        forget_failures(peer, flow->node.ends.remote_port);
}
