/*
 * Fuzzes a running TCP with a sequence of segments, ICMP errors, pauses and calls of an application. Segments
 * are raw, or relative to a connection's state, so that the fuzzer finds the window without luck. The
 * invariants are checked after each step, and nothing may be left at the end.
 */
#include "host.h"
#include "../input.h"

#include "test/lib/tcp/invariants.h"

enum { FLOWS = 4 };

static struct {
    struct net net;
    struct tcp_listener *listener;
    struct tcp_flow *flows[FLOWS];
    struct os_fiber *opener;
    uint32_t tsval;
} world;

/* The connection between these ports, which may be in TIME-WAIT, or NULL. */
static struct node *find(uint16_t local, uint16_t remote)
{
    struct ends ends = { ADDRESS_A, ADDRESS_B, local, remote };
    return table_find(world.net.a.tcp, &ends);
}

static struct node *some_node(uint8_t which)
{
    struct tcp *tcp = world.net.a.tcp;
    struct node *node = find(80, (uint16_t)(1000 + (which & 3)));
    for (uint32_t i = 0; which & 4 && tcp->table != NULL && i <= tcp->table_mask; i++)
        for (struct node *n = tcp->table[i]; n != NULL; n = n->next)
            if (n->ends.local_port != 80)
                return n;
    return node;
}

/* Offer no cookie, a valid one, a request for one, or an invalid one. */
static void offer_fast_open(struct segment *s, uint8_t what)
{
    struct ends ends = { ADDRESS_A, ADDRESS_B, s->destination_port, s->source_port };
    if (what != 0)
        s->fast_open = make_cookie(world.net.a.tcp->fast_open_keys[0], &ends,
                                   s->window & 1 ? OPTION_FAST_OPEN : OPTION_EXPERIMENT);
    if (what == 2)
        s->fast_open.len = 0;
    else if (what == 3)
        s->fast_open.cookie[0]++;
}

static void send_segment(struct input *in)
{
    static const uint8_t payload[2048] = "payload";
    uint8_t which = take(in), options = take(in);
    struct node *node = some_node(which);
    const struct tcp_flow *f = node != NULL && !node->is_time_wait ? (const struct tcp_flow *)node : NULL;
    /*
     * A segment of no connection, perhaps an answer to the last SYN-ACK. The SYN-ACK may have been a SYN
     * cookie.
     */
    const struct ip *ip = &world.net.a.ip;
    const struct segment *last = &ip->captured[(ip->captured_count + CAPTURED - 1) % CAPTURED].segment;
    const struct time_wait *w = node != NULL && node->is_time_wait ? (const struct time_wait *)node : NULL;
    struct segment s = { .source_port = (uint16_t)(1000 + (which & 3)), .destination_port = 80 };
    s.seq = near(in, f != NULL ? f->rcv_nxt : w != NULL ? w->rcv_nxt : last->ack);
    s.window = (uint16_t)take16(in);
    s.flags = take(in);
    if (node != NULL) {
        s.source_port = node->ends.remote_port;
        s.destination_port = node->ends.local_port;
    }
    s.ack = near(in, f != NULL   ? (options & 1 ? f->snd_una : f->snd_nxt)
                     : w != NULL ? w->snd_nxt
                                 : last->seq + 1);
    s.has_timestamp = options & 2;
    if (s.has_timestamp) {
        s.tsval = world.tsval += options >> 6;
        if (options & 4)
            s.tsval = near(in, s.tsval);
        s.tsecr = f != NULL ? timestamp_now(f->tcp) + f->ts_offset - (options >> 4) : last->tsval;
    }
    if (s.flags & SYN) {
        s.sack_permitted = options & 8;
        s.has_scale = options & 16;
        s.scale = take(in) & 15;
        s.mss = options & 32 ? (uint16_t)take16(in) : 0;
        offer_fast_open(&s, options >> 6);
    } else if (options & 8) {
        s.sack_count = 1 + (options >> 4) % 3;
        for (int i = 0; i < s.sack_count; i++) {
            uint32_t left = near(in, f != NULL ? f->snd_una : 0);
            s.sacks[i] = (struct sack_block){ left, near(in, left) };
        }
    }
    s.header_len = which & 8 ? ECN_CE : 0; /* inject takes the ECN bits from here */
    inject(&world.net, s, payload, which & 16 ? take16(in) % sizeof payload : which >> 5);
}

static void send_raw(struct input *in)
{
    struct ip_head head = { .source = ADDRESS_B, .destination = ADDRESS_A };
    size_t len = take(in) % 100;
    struct buf *b = buf_alloc(len > in->len ? in->len : len);
    memcpy(b->data, in->data, b->len);
    in->data += b->len;
    in->len -= b->len;
    b->csum = BUF_CSUM_VALID;
    ip_on_tcp(world.net.a.ip.ctx, b, &head);
}

static void send_icmp(struct input *in)
{
    struct node *node = some_node(take(in));
    struct icmp_error e = { .kind = (enum icmp_error_kind)(take(in) % 8),
                            .mtu = take16(in),
                            .head = { .source = ADDRESS_A, .destination = ADDRESS_B } };
    if (node == NULL)
        return;
    const struct tcp_flow *f = (const struct tcp_flow *)node;
    uint32_t seq = near(in, node->is_time_wait ? 0 : f->snd_una);
    uint16_t ports[2] = { node->ends.local_port, node->ends.remote_port };
    for (int i = 0; i < 4; i++) {
        e.transport[i] = (uint8_t)(ports[i / 2] >> (i % 2 ? 0 : 8));
        e.transport[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
    }
    icmp_on_tcp_error(world.net.a.icmp.ctx, &e);
}

static err open_one(void *arg)
{
    struct tcp_flow *flow;
    struct endpoint peer = { ADDRESS_B, 7 };
    err e = arg != NULL ? tcp_open_with(world.net.a.tcp, &peer, NULL, buf_alloc(700), &flow)
                        : tcp_open(world.net.a.tcp, &peer, &flow);
    if (e != OK)
        return OK;
    for (int i = 0; i < FLOWS; i++)
        if (world.flows[i] == NULL) {
            world.flows[i] = flow;
            return OK;
        }
    tcp_close(flow);
    return OK;
}

static void application(struct input *in)
{
    uint8_t what = take(in);
    struct tcp_flow **slot = &world.flows[what >> 6], *flow = *slot;
    struct buf *b;
    if (flow == NULL) {
        if ((what & 15) == 9 && world.opener == NULL)
            CHECK_EQUAL(os_spawn(&world.opener, open_one, what & 16 ? &world : NULL), OK);
        else if (world.listener->ready.flows.first != NULL)
            CHECK_EQUAL(tcp_accept(world.listener, slot), OK);
        return;
    }
    switch (what & 15) {
    case 0:
    case 1:
    case 2:
        if (!queue_full(flow))
            IGNORE(tcp_write(flow, buf_alloc(take16(in) % 9000)));
        break;
    case 3:
        if (!queue_full(flow))
            IGNORE(tcp_write(flow, buf_alloc(what >> 4 & 3)));
        break;
    case 4:
    case 5:
        if (flow->received != NULL && tcp_read(flow, &b) == OK)
            buf_free(b);
        break;
    case 6: IGNORE(tcp_shutdown(flow)); break;
    case 7: tcp_set_nodelay(flow, what & 16); break;
    case 8: tcp_set_keepalive(flow, what & 16 ? SECONDS(10) : 0); break;
    case 9: IGNORE(tcp_set_options(flow, &(struct tcp_options){ what >> 4, what >> 4 })); break;
    case 10: tcp_abort(flow), *slot = NULL; break;
    case 11: tcp_close(flow), *slot = NULL; break;
    case 12: world.net.a.ip.mtu = 600 + take16(in) % 900; break;
    case 13: world.net.a.ip.refuse = what & 16 ? ERR_NO_SPACE : OK; break;
    }
}

static void step(struct input *in)
{
    uint8_t what = take(in);
    if (what < 140)
        send_segment(in);
    else if (what < 150)
        send_raw(in);
    else if (what < 155)
        send_icmp(in);
    else if (what < 200)
        application(in);
    else
        os_sleep(MICROSECONDS(1) << (what & 31) % 28);
    check_tcp(world.net.a.tcp);
}

static err run_input(void *arg)
{
    struct input *in = arg;
    uint32_t offloads = take(in) & 1 ? NETWORK_CSUM_OUT | NETWORK_TSO4 : 0;
    net_script(&world.net);
    world.net.a.ip.offloads = world.net.a.tcp->offloads = offloads;
    CHECK_EQUAL(tcp_listen(world.net.a.tcp, &IP_ANY, 80, 3, &world.listener), OK);
    while (in->len > 0)
        step(in);
    if (world.opener != NULL) {
        os_cancel(world.opener);
        IGNORE(os_join(world.opener));
        world.opener = NULL;
    }
    for (int i = 0; i < FLOWS; i++)
        if (world.flows[i] != NULL)
            tcp_close(world.flows[i]);
    memset(world.flows, 0, sizeof world.flows);
    tcp_unlisten(world.listener);
    CHECK_EQUAL(world.net.a.tcp->orphans.count + world.net.a.tcp->time_wait_count <=
                    world.net.a.tcp->table_count,
                true);
    os_sleep(HOURS(2));
    CHECK_EQUAL(world.net.a.tcp->table_count, 0);
    CHECK_EQUAL(world.net.a.tcp->memory, 0);
    net_end(&world.net);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct input in = { input, size };
    struct os_stats stats;
    CHECK_EQUAL(os_run(run_input, &in), OK);
    os_get_stats(&stats);
    CHECK_EQUAL(stats.timers, 0);
    return 0;
}
