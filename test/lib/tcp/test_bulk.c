/*
 * Transfers in both directions at once over a bad wire, with many seeds. Every byte must arrive in order, and
 * no run may hang. BULK_SEEDS is the number of seeds, and BULK_FIRST the first one.
 */
#include "hosts.h"

#include "invariants.h"

#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 256 * 1024, PIECE = 5000, MOST_TIME = 600 };

struct side {
    struct tcp_flow *flow;
    uint64_t seed;
    bool reads_slowly;
    err written, read;
    size_t received;
    bool right;
};

static uint8_t byte_at(uint64_t seed, size_t at)
{
    return (uint8_t)((at * 31 + at / 251 + seed * 17) ^ (at >> 11));
}

static err write_all(void *arg)
{
    struct side *side = arg;
    for (size_t at = 0; at < BYTES;) {
        size_t len = 1 + (at * 7 + side->seed * 131) % PIECE;
        if (len > BYTES - at)
            len = BYTES - at;
        struct buf *b = buf_alloc(len);
        for (size_t i = 0; i < len; i++)
            b->data[i] = byte_at(side->seed, at + i);
        side->written = tcp_write(side->flow, b);
        if (side->written != OK)
            return OK;
        at += len;
    }
    side->written = tcp_shutdown(side->flow);
    return OK;
}

static err read_all(void *arg)
{
    struct side *side = arg;
    struct buf *b;
    uint64_t theirs = side->seed ^ 1;
    side->right = true;
    while ((side->read = tcp_read(side->flow, &b)) == OK) {
        for (struct buf *v = b; v != NULL; v = v->next)
            for (size_t i = 0; i < v->len; i++)
                side->right &= v->data[i] == byte_at(theirs, side->received++);
        buf_free(b);
        check_flow(side->flow);
        if (side->reads_slowly && side->received % 7 == 0)
            os_sleep(MILLISECONDS(30));
    }
    return OK;
}

static void offer(struct tcp_flow *flow, uint32_t buffer)
{
    flow->rcv_buffer = buffer;
    flow->ack_need = ACK_NOW;
    flush_later(flow);
}

/*
 * Now and then take back the window that was offered, whole or in part, and drop what has come out of order,
 * as a host without memory does. What is beyond the edge then is not taken.
 */
static err pull_back(void *arg)
{
    struct side *side = arg;
    struct tcp_flow *flow = side->flow;
    for (uint64_t i = side->seed; !flow->fin_received && flow->state != STATE_CLOSED; i++) {
        uint32_t whole = flow->rcv_buffer, left = i % 3 * 700;
        ranges_drop(flow);
        flow->rcv_adv = flow->rcv_nxt + left;
        offer(flow, flow->rcv_queued + left);
        TRY(os_sleep_until(os_now() + MILLISECONDS(1 + i * 37 % 400)));
        offer(flow, whole);
        TRY(os_sleep_until(os_now() + MILLISECONDS(20 + i * 71 % 200)));
    }
    return OK;
}

/* Whose windows are pulled back: nobody's, b's or both. */
enum pulls { NOBODY, B, BOTH };

static err one_seed(uint64_t seed, uint32_t offloads, enum pulls pulls)
{
    struct faults faults = { .loss = 50,
                             .reorder = 50,
                             .duplicate = 20,
                             .corrupt = offloads ? 0 : 10,
                             .delay = MICROSECONDS(200 + seed % 50 * 1000),
                             .jitter = MICROSECONDS(seed % 7 * 3000) };
    struct net net;
    struct side a = { .seed = 2 * seed, .reads_slowly = seed % 5 == 0 },
                b = { .seed = 2 * seed + 1, .reads_slowly = seed % 7 == 0 };
    struct tcp_listener *listener;
    struct os_group group;
    err e;

    net_make(&net, seed, faults, offloads);
    TRY(tcp_listen(net.b.tcp, &IP_ANY, 80, 10, &listener));
    e = tcp_open(net.a.tcp, &(struct endpoint){ ADDRESS_B, 80 }, &a.flow);
    if (e == OK)
        e = tcp_accept(listener, &b.flow);
    if (e == OK) {
        os_group_init(&group);
        TRY(os_group_spawn(&group, write_all, &a));
        TRY(os_group_spawn(&group, write_all, &b));
        TRY(os_group_spawn(&group, read_all, &a));
        TRY(os_group_spawn(&group, read_all, &b));
        if (pulls != NOBODY)
            TRY(os_group_spawn(&group, pull_back, &b));
        if (pulls == BOTH)
            TRY(os_group_spawn(&group, pull_back, &a));
        OS_DEADLINE(os_now() + SECONDS(MOST_TIME))
        {
            e = os_group_join(&group);
        }
        os_group_end(&group);
        bool good = e == OK && a.right && b.right && a.received == BYTES && b.received == BYTES &&
                    a.read == ERR_END && b.read == ERR_END && a.written == OK && b.written == OK;
        if (!good) {
            print_error("# seed %llu%s: %s; a wrote %s read %s %zu, b wrote %s read %s %zu\n",
                        (unsigned long long)seed, offloads ? " with offloads" : "", err_string(e),
                        err_string(a.written), err_string(a.read), a.received, err_string(b.written),
                        err_string(b.read), b.received);
            e = ERR_FORMAT;
        }
        tcp_close(a.flow);
        tcp_close(b.flow);
    }
    tcp_unlisten(listener);
    net_end(&net);
    return e;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void run_seeds(uint32_t offloads, enum pulls pulls)
{
    uint64_t first = number("BULK_FIRST", 1), count = number("BULK_SEEDS", 300);
    /* Windows that are pulled back make a run ten times as long. */
    if (pulls != NOBODY)
        count = count < 1000 ? count / 10 : 100;
    os_time began = os_now();
    for (uint64_t seed = first; seed < first + count; seed++)
        CHECK_EQUAL(one_seed(seed, offloads, pulls), OK);
    print_message("# %llu seeds from %llu, %lld s of virtual time\n", (unsigned long long)count,
                  (unsigned long long)first, (long long)((os_now() - began) / SECONDS(1)));
}

FIBER_TEST(seeds)
{
    run_seeds(0, NOBODY);
    return OK;
}

FIBER_TEST(seeds_with_offloads)
{
    run_seeds(NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_LRO, NOBODY);
    return OK;
}

FIBER_TEST(windows_pulled_back)
{
    run_seeds(0, B);
    run_seeds(NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_LRO, BOTH);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds),
        cmocka_unit_test(seeds_with_offloads),
        cmocka_unit_test(windows_pulled_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
