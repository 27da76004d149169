/*
 * What a peer can make a connection hold: bytes that come singly, each in a page of its own, in order and out
 * of order, on one connection and on many. Resident memory is measured, and so is what the module says.
 */
#include "script.h"

#include "invariants.h"
#include "test/support/resident.h"

enum { SEGMENTS = 250000, WINDOW = 260000, MEGABYTE = 1 << 20 };

/* The byte of the stream at this place. */
static uint8_t byte_at(uint32_t n)
{
    return (uint8_t)(n * 31 + (n >> 8) * 7);
}

/* Where the i-th segment of the attack lies behind rcv_nxt, and how long it is. */
struct sparse {
    const char *name;
    uint32_t (*at)(uint32_t i);
    uint32_t len;
};

static uint32_t each(uint32_t i)
{
    return 1 + i % (WINDOW - 64);
}

static uint32_t every_other(uint32_t i)
{
    return 1 + 2 * i % (WINDOW - 64);
}

static uint32_t backwards(uint32_t i)
{
    return WINDOW - 64 - i % (WINDOW - 64);
}

static uint32_t shuffled(uint32_t i)
{
    return 1 + (uint32_t)((uint64_t)i * 100003 % (WINDOW - 64));
}

/* First the odd places, then the even ones, which fill the holes. */
static uint32_t holes_filled(uint32_t i)
{
    uint32_t n = i % 1000;
    return 1 + i / 1000 * 1000 % (WINDOW - 2000) + (n < 500 ? 2 * n : 2 * (n - 500) + 1);
}

/* Pairs of close neighbours, far from each other. */
static uint32_t scattered(uint32_t i)
{
    return 1 + i % 2 + (uint32_t)((uint64_t)(i / 2) * 509 % (WINDOW - 64));
}

static const struct sparse attacks[] = {
    { "+1, +2, +3", each, 1 },
    { "+1, +3, +5", every_other, 1 },
    { "from the end", backwards, 1 },
    { "in any order", shuffled, 1 },
    { "holes that are filled", holes_filled, 1 },
    { "scattered pairs", scattered, 1 },
    { "overlapping", each, 3 },
    { "overlapping in any order", shuffled, 40 },
};

static void send_at(struct peer *p, uint32_t base, uint32_t at, uint32_t len)
{
    uint8_t bytes[2000];
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = byte_at(at + i);
    p->seq = base + at;
    peer_send(p, ACK, bytes, len);
}

static void attack(struct peer *p, const struct sparse *how, uint32_t base)
{
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        send_at(p, base, how->at(i), how->len);
        if (i % 5000 == 0) {
            os_sleep(MICROSECONDS(100));
            check_flow(p->flow);
        }
    }
}

static uint32_t check_bytes(struct buf *b, uint32_t from)
{
    for (const struct buf *v = b; v != NULL; v = v->next)
        for (uint32_t i = 0; i < v->len; i++, from++)
            if (v->data[i] != byte_at(from)) {
                CHECK_EQUAL(from, -1);
                return from;
            }
    buf_free(b);
    return from;
}

/* The missing bytes come at last, and all of them are right. */
static void complete(struct peer *p, uint32_t base)
{
    uint32_t read = 0;
    struct buf *b;
    for (uint32_t at = 0; at < WINDOW; at += 1000) {
        send_at(p, base, at, 1000);
        os_sleep(MILLISECONDS(1));
        check_tcp(p->tcp);
        if (p->flow->received != NULL && tcp_read(p->flow, &b) == OK)
            read = check_bytes(b, read);
    }
    CHECK_EQUAL(read, WINDOW);
    CHECK_EQUAL(p->tcp->memory, 0);
}

/* Memory that all buffers hold. */
static size_t held(void)
{
    struct buf_stats stats;
    buf_get_stats(&stats);
    return (stats.pages - stats.heap_pieces) * 4096 + stats.heap_bytes + stats.views * 64;
}

/* A connection whose window is open to its full size, and resident memory that has settled. */
static void open_wide(struct peer *p)
{
    peer_make(p);
    peer_connect(p, modern_syn);
    peer_send(p, ACK, "begin", 5);
    read_bytes(p, 5);
    os_sleep(SECONDS(4));
    CHECK(p->flow->rcv_adv - p->flow->rcv_nxt >= WINDOW);
}

static void one_connection(const struct sparse *how, bool reset)
{
    struct peer p;
    open_wide(&p);
    uint32_t base = p.seq;
    size_t before = resident();
    attack(&p, how, base);
    size_t during = resident();
    CHECK(p.tcp->memory < 2 * MEGABYTE && held() < 2 * MEGABYTE);
    CHECK(during < before + 4 * MEGABYTE || !RESIDENT_COUNTS);
    CHECK(METRIC(&p, collapsed) > 0);
    if (reset) {
        struct segment s = peer_segment(&p, RST);
        s.seq = base;
        inject(&p.net, s, NULL, 0);
        CHECK_EQUAL(p.flow->state, STATE_CLOSED);
    } else {
        complete(&p, base);
    }
    tcp_abort(p.flow);
    os_sleep(SECONDS(4));
    CHECK_EQUAL(p.tcp->memory, 0);
    size_t after = resident();
    CHECK(after < before + 3 * MEGABYTE / 2 || !RESIDENT_COUNTS);
    print_message("# %s: %zd kB more resident memory, then %zd kB; %lld dropped, %lld times collapsed\n",
                  how->name, ((ssize_t)during - (ssize_t)before) / 1024,
                  ((ssize_t)after - (ssize_t)before) / 1024, (long long)METRIC(&p, refused_memory),
                  (long long)METRIC(&p, collapsed));
    peer_end(&p);
}

FIBER_TEST(sparse_segments)
{
    for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
        for (int reset = 0; reset < 2; reset++)
            one_connection(&attacks[i], reset);
    return OK;
}

/* Single bytes in order, which nobody reads. What the reader is handed at last holds no page for each. */
FIBER_TEST(single_bytes_in_order)
{
    struct peer p;
    struct buf *b;
    open_wide(&p);
    size_t before = resident();
    uint32_t base = p.seq;
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        send_at(&p, base, i, 1);
        if (i % 5000 == 0)
            os_sleep(MICROSECONDS(100));
    }
    CHECK_EQUAL(p.flow->rcv_queued, SEGMENTS);
    CHECK(p.tcp->memory < 2 * MEGABYTE && held() < 2 * MEGABYTE);
    CHECK(resident() < before + 4 * MEGABYTE || !RESIDENT_COUNTS);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK_EQUAL(p.tcp->memory, 0);
    CHECK(buf_pinned(b) < 2 * MEGABYTE);
    CHECK_EQUAL(check_bytes(b, 0), SEGMENTS);
    /* A few small messages are handed over as they came, without a copy. */
    send_at(&p, base, SEGMENTS, 1);
    send_at(&p, base, SEGMENTS + 1, 1);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK(b->len == 1 && b->next != NULL && b->next->len == 1);
    buf_free(b);
    /* Many are not. */
    for (uint32_t i = 0; i < 20; i++)
        send_at(&p, base, SEGMENTS + 2 + i, 1);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK(b->len == 20 && buf_pinned(b) < 1000);
    buf_free(b);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* A device may use pieces of memory larger than a page; a byte of one pins all of it. */
FIBER_TEST(single_bytes_of_large_pieces)
{
    struct peer p;
    open_wide(&p);
    for (uint32_t i = 1; i < 10000; i++) {
        struct segment s = peer_segment(&p, ACK);
        struct ip_head head = { .source = ADDRESS_B, .destination = ADDRESS_A, .protocol = IP_PROTOCOL_TCP };
        struct buf *b = buf_alloc(65536);
        s.seq = p.seq + i;
        segment_emit(b->data, &s);
        buf_truncate(b, segment_header_len(&s) + 1);
        b->csum = BUF_CSUM_VALID;
        ip_on_tcp(p.net.a.ip.ctx, b, &head);
        CHECK(held() < MEGABYTE);
    }
    CHECK_EQUAL(p.flow->range_bytes, 9999);
    check_tcp(p.tcp);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* What fills pages as ordinary segments do is neither copied nor dropped, out of order or not. */
FIBER_TEST(ordinary_segments_stay)
{
    struct peer p;
    struct buf *b;
    open_wide(&p);
    uint32_t base = p.seq;
    for (uint32_t at = 1400; at + 1400 < WINDOW; at += 1400)
        send_at(&p, base, at, 1400);
    CHECK_EQUAL(p.flow->range_bytes, (WINDOW / 1400 - 1) * 1400);
    send_at(&p, base, 0, 1400);
    CHECK_EQUAL(p.flow->rcv_queued, WINDOW / 1400 * 1400);
    CHECK_EQUAL(METRIC(&p, collapsed) + METRIC(&p, refused_memory), 0);
    CHECK_EQUAL(tcp_read(p.flow, &b), OK);
    CHECK_EQUAL(b->len, 1400);
    buf_free(b);
    tcp_abort(p.flow);
    peer_end(&p);
    return OK;
}

/* A peer that acknowledges nothing, and an application that writes small pieces in pages of their own. */
FIBER_TEST(small_writes)
{
    static const size_t lens[] = { 1, 129, 300, 900, 1025 };
    for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
        struct peer p;
        size_t writes = 0;
        err e = OK;
        peer_make(&p);
        peer_connect(&p, modern_syn);
        while (e == OK && writes < 100000) {
            OS_DEADLINE(os_now() + MILLISECONDS(1))
            e = tcp_write(p.flow, buf_alloc(lens[i]));
            writes += e == OK;
            check_queue(p.flow);
        }
        CHECK_EQUAL(e, ERR_TIMEOUT);
        CHECK(writes * lens[i] >= 32768);
        CHECK(held() < MEGABYTE && p.tcp->memory < MEGABYTE);
        check_tcp(p.tcp);
        tcp_abort(p.flow);
        peer_end(&p);
    }
    return OK;
}

enum { CROWD = 400 };

static void connect_from(struct peer *p, uint16_t port)
{
    p->port = port;
    p->seq = PEER_ISS;
    peer_connect(p, modern_syn);
}

/* All at once: all connections together stay within memory_max, and one that does not attack goes on. */
FIBER_TEST(a_crowd)
{
    static struct tcp_flow *flows[CROWD];
    struct peer p;
    struct buf *b;
    peer_make(&p);
    for (uint16_t i = 0; i < CROWD; i++) {
        connect_from(&p, (uint16_t)(1000 + i));
        flows[i] = p.flow;
    }
    connect_from(&p, 999);
    uint32_t base = p.seq, acked = p.ack;
    for (uint32_t n = 0; n < 600; n++)
        for (uint16_t i = 0; i < CROWD; i++) {
            p.port = (uint16_t)(1000 + i);
            p.ack = flows[i]->snd_nxt;
            p.seq = base + 1 + (i % 2 ? 2 * n : n);
            peer_send(&p, ACK, "x", 1);
        }
    check_tcp(p.tcp);
    CHECK(p.tcp->memory < (uint64_t)key_memory_max + 8192 && held() < (size_t)key_memory_max + 8192);
    CHECK(METRIC(&p, collapsed) > 0 && METRIC(&p, refused_memory) > 0);
    p.port = 999;
    p.ack = acked;
    for (uint32_t at = 0; at < 100000; at += 1000) {
        send_at(&p, base, at, 1000);
        CHECK_EQUAL(p.flow->rcv_queued, 1000);
        if (p.flow->received == NULL || tcp_read(p.flow, &b) != OK)
            break;
        CHECK_EQUAL(check_bytes(b, at), at + 1000);
        os_sleep(MILLISECONDS(1));
    }
    /* In-order bytes that nobody reads find an end, too. */
    for (uint32_t n = 0; n < 200; n++)
        for (uint16_t i = 0; i < CROWD; i++) {
            char full[1000] = { 0 };
            p.port = (uint16_t)(1000 + i);
            p.ack = flows[i]->snd_nxt;
            p.seq = flows[i]->rcv_nxt;
            peer_send(&p, ACK, full, sizeof full);
        }
    CHECK(p.tcp->memory < (uint64_t)key_memory_max + CROWD * 5 * 16384);
    os_sleep(MILLISECONDS(10));
    tcp_abort(p.flow);
    for (uint16_t i = 0; i < CROWD; i++)
        tcp_abort(flows[i]);
    CHECK_EQUAL(p.tcp->memory, 0);
    peer_end(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparse_segments),
        cmocka_unit_test(single_bytes_in_order),
        cmocka_unit_test(single_bytes_of_large_pieces),
        cmocka_unit_test(ordinary_segments_stay),
        cmocka_unit_test(small_writes),
        cmocka_unit_test(a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
