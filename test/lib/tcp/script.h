/* A scripted peer of host a. It sends single segments and examines each one that comes back. */
#ifndef TEST_TCP_SCRIPT_H
#define TEST_TCP_SCRIPT_H

#include "hosts.h"

struct peer {
    struct net net;
    struct tcp *tcp; /* host a's TCP */
    struct tcp_listener *listener;
    struct tcp_flow *flow;
    uint16_t port, local_port; /* the peer's port, and host a's */
    uint32_t seq;              /* the next sequence number of the peer */
    uint32_t ack;              /* the next sequence number that the peer expects of host a */
    uint16_t window;
    bool timestamps;
    uint32_t tsval, tsecr;
    struct segment syn_ack; /* host a's SYN-ACK, or its SYN when it opens actively */
};

enum { PEER_ISS = 1000, SERVER_PORT = 80 };

/* SYNs that the peer sends, with different options. */
static const struct segment plain_syn = { .flags = SYN, .mss = 1000, .window = 65535 };
static const __attribute__((unused)) struct segment modern_syn = { .flags = SYN,
                                                                   .mss = 1000,
                                                                   .window = 65535,
                                                                   .has_timestamp = true,
                                                                   .tsval = 100,
                                                                   .sack_permitted = true,
                                                                   .has_scale = true,
                                                                   .scale = 2 };
static const __attribute__((
    unused)) struct segment sack_syn = { .flags = SYN, .mss = 1000, .window = 65535, .sack_permitted = true };

static struct segment peer_segment(struct peer *p, uint8_t flags)
{
    return (struct segment){ .seq = p->seq,
                             .ack = flags & ACK ? p->ack : 0,
                             .flags = flags,
                             .source_port = p->port,
                             .destination_port = p->local_port,
                             .window = p->window,
                             .has_timestamp = p->timestamps,
                             .tsval = p->timestamps ? ++p->tsval : 0,
                             .tsecr = p->tsecr };
}

/* Send the next segment in order, with or without payload. */
static void peer_send(struct peer *p, uint8_t flags, const void *data, size_t len)
{
    inject(&p->net, peer_segment(p, flags), data, len);
    p->seq += (uint32_t)len + !!(flags & FIN) + !!(flags & SYN);
}

static void peer_ack(struct peer *p)
{
    peer_send(p, ACK, NULL, 0);
}

/* Acknowledge up to `ack`, with a SACK block unless it is empty. */
static __attribute__((unused)) void peer_sack(struct peer *p, uint32_t ack, uint32_t left, uint32_t right)
{
    struct segment s = peer_segment(p, ACK);
    s.ack = ack;
    if (left != right) {
        s.sack_count = 1;
        s.sacks[0] = (struct sack_block){ left, right };
    }
    inject(&p->net, s, NULL, 0);
}

/* Wait up to `wait` for a's next segment. It must have these flags. ECN's flags are ignored. */
static struct segment peer_expect(struct peer *p, os_time wait, uint8_t flags)
{
    struct captured *c = expect_segment(&p->net, wait);
    CHECK(c != NULL);
    if (c == NULL)
        return (struct segment){ 0 };
    struct segment s = c->segment;
    CHECK_EQUAL(s.flags & ~(ECE | CWR | PSH), flags);
    if (s.flags & SYN)
        p->ack = s.seq;
    if (!(s.flags & RST) && s.seq == p->ack)
        p->ack += s.len + !!(s.flags & SYN) + !!(s.flags & FIN);
    if (s.has_timestamp)
        p->tsecr = s.tsval;
    return s;
}

static __attribute__((unused)) void expect_silence(struct peer *p, os_time wait)
{
    struct captured *c = expect_segment(&p->net, wait);
    CHECK(c == NULL);
    if (c != NULL)
        print_error("# it said flags %x seq %u ack %u len %u\n", c->segment.flags, c->segment.seq - p->ack,
                    c->segment.ack - p->seq, c->segment.len);
}

static void peer_make(struct peer *p)
{
    *p = (struct peer){ .port = 40000, .local_port = SERVER_PORT, .seq = PEER_ISS, .window = 65535 };
    net_script(&p->net);
    p->tcp = p->net.a.tcp;
}

/* Host a listens, and the peer connects with this SYN. */
static __attribute__((unused)) void peer_connect(struct peer *p, struct segment syn)
{
    if (p->listener == NULL)
        CHECK_EQUAL(tcp_listen(p->tcp, &IP_ANY, SERVER_PORT, 16, &p->listener), OK);
    struct segment s = peer_segment(p, SYN);
    s.mss = syn.mss;
    s.window = p->window = syn.window;
    s.flags = syn.flags;
    s.has_timestamp = syn.has_timestamp;
    s.tsval = p->tsval = syn.tsval;
    s.sack_permitted = syn.sack_permitted;
    s.has_scale = syn.has_scale;
    s.scale = syn.scale;
    inject(&p->net, s, NULL, 0);
    p->seq++;
    p->syn_ack = peer_expect(p, SECONDS(1), SYN | ACK);
    p->timestamps = syn.has_timestamp;
    peer_ack(p);
    CHECK_EQUAL(tcp_accept(p->listener, &p->flow), OK);
}

static __attribute__((unused)) void peer_end(struct peer *p)
{
    if (p->listener != NULL)
        tcp_unlisten(p->listener);
    net_end(&p->net);
}

/* Write `len` bytes on the flow. */
static __attribute__((unused)) void write_bytes(struct peer *p, size_t len)
{
    struct buf *b = buf_alloc(len);
    memset(b->data, 'x', len);
    CHECK_EQUAL(tcp_write(p->flow, b), OK);
}

static __attribute__((unused)) void read_bytes(struct peer *p, size_t len)
{
    struct buf *b = NULL;
    for (size_t got = 0; got < len; got += buf_len(b), buf_free(b)) {
        err e = tcp_read(p->flow, &b);
        CHECK_EQUAL(e, OK);
        if (e != OK)
            return;
    }
}

#define METRIC(p, name) ((p)->tcp->metrics.name.value)

#endif
