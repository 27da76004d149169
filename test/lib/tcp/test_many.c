/* Many connections, one after the other and at once: what they leave, and what an idle one holds. */
#include "hosts.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEQUENTIAL = 100000, AT_ONCE = 20000 };

static size_t heap_in_use(void)
{
#if defined __SANITIZE_ADDRESS__
    return 0;
#else
    return mallinfo2().uordblks;
#endif
}

static const struct endpoint server = { ADDRESS_B, 80 };

static void make(struct net *net, struct tcp_listener **listener)
{
    net_make(net, 1, (struct faults){ .delay = MICROSECONDS(10) }, 0);
    CHECK_EQUAL(tcp_listen(net->b.tcp, &IP_ANY, 80, 65535, listener), OK);
}

static void finish(struct net *net, struct tcp_listener *listener)
{
    os_sleep(SECONDS(120));
    CHECK_EQUAL(net->a.tcp->table_count + net->b.tcp->table_count, 0);
    CHECK_EQUAL(net->a.tcp->flow_count + net->b.tcp->flow_count, 0);
    CHECK_EQUAL(net->a.tcp->memory + net->b.tcp->memory, 0);
    tcp_unlisten(listener);
    net_end(net);
}

static err serve(void *arg)
{
    struct tcp_listener *listener = arg;
    struct tcp_flow *flow;
    struct buf *b;
    err e;
    while ((e = tcp_accept(listener, &flow)) == OK) {
        if (tcp_read(flow, &b) == OK)
            IGNORE(tcp_write(flow, b));
        tcp_close(flow);
    }
    return OK;
}

static void one_connection(struct net *net)
{
    struct tcp_flow *flow;
    struct buf *b;
    CHECK_EQUAL(tcp_open(net->a.tcp, &server, &flow), OK);
    CHECK_EQUAL(tcp_write(flow, buf_copy("request", 7)), OK);
    CHECK_EQUAL(tcp_read(flow, &b), OK);
    CHECK_EQUAL(buf_len(b), 7);
    buf_free(b);
    tcp_close(flow);
}

/* There are more connections than ports. Each replaces an older one, and none is left. */
FIBER_TEST(sequence)
{
    struct net net;
    struct tcp_listener *listener;
    struct os_fiber *fiber;
    size_t before = 0;
    make(&net, &listener);
    CHECK_EQUAL(os_spawn(&fiber, serve, listener), OK);
    for (int i = 0; i < SEQUENTIAL; i++) {
        one_connection(&net);
        if (i == 100)
            before = heap_in_use();
    }
    os_sleep(SECONDS(120));
    size_t after = heap_in_use();
    CHECK(after < before + 65536);
    os_cancel(fiber);
    IGNORE(os_join(fiber));
    finish(&net, listener);
    return OK;
}

FIBER_TEST(at_once)
{
    struct net net;
    struct tcp_listener *listener;
    static struct tcp_flow *clients[AT_ONCE], *servers[AT_ONCE];
    struct buf *b;
    make(&net, &listener);
    size_t before = heap_in_use();
    for (int i = 0; i < AT_ONCE; i++) {
        CHECK_EQUAL(tcp_open(net.a.tcp, &server, &clients[i]), OK);
        CHECK_EQUAL(tcp_accept(listener, &servers[i]), OK);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        CHECK_EQUAL(tcp_write(clients[i], buf_copy("x", 1)), OK);
        CHECK_EQUAL(tcp_read(servers[i], &b), OK);
        buf_free(b);
    }
    os_sleep(SECONDS(100));
    struct os_stats stats;
    os_get_stats(&stats);
    size_t each = (heap_in_use() - before) / (2 * AT_ONCE);
    print_message("# an idle connection: %zu bytes of struct tcp_flow, %zu bytes of heap with its share of "
                  "the table; %zu timers\n",
                  sizeof(struct tcp_flow), each, stats.timers);
    CHECK(each <= 1024);
    CHECK(stats.timers < 10); /* idle connections need no timers */
    for (int i = 0; i < AT_ONCE; i++) {
        tcp_close(clients[i]);
        tcp_close(servers[i]);
        if (i % 1000 == 0)
            os_sleep(MILLISECONDS(10));
    }
    os_sleep(SECONDS(120));
    /*
     * The runtime keeps its pools for as many timers and packets. No part of the rest belongs to a
     * connection.
     */
    CHECK(heap_in_use() < before + 2 * 1024 * 1024);
    finish(&net, listener);
    return OK;
}

/* An existing connection goes on during a flood of SYNs. */
FIBER_TEST(flood_beside)
{
    struct net net;
    struct tcp_listener *listener;
    struct tcp_flow *client, *flow;
    struct buf *b;
    make(&net, &listener);
    CHECK_EQUAL(tcp_open(net.a.tcp, &server, &client), OK);
    CHECK_EQUAL(tcp_accept(listener, &flow), OK);
    size_t before = heap_in_use();
    for (uint32_t i = 0; i < 200000; i++) {
        struct ip_head head = { .source = IP_V4(192, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i),
                                .destination = ADDRESS_B };
        struct segment syn = {
            .seq = i, .flags = SYN, .source_port = 5, .destination_port = 80, .mss = 1460
        };
        struct buf *packet = buf_alloc(segment_header_len(&syn));
        segment_emit(packet->data, &syn);
        packet->csum = BUF_CSUM_VALID;
        ip_on_tcp(net.b.ip.ctx, packet, &head);
        if (i % 1000 == 0) {
            CHECK_EQUAL(tcp_write(client, buf_copy("x", 1)), OK);
            CHECK_EQUAL(tcp_read(flow, &b), OK);
            buf_free(b);
        }
    }
    CHECK(heap_in_use() < before + 4 * 1024 * 1024);
    CHECK_EQUAL(net.b.tcp->flow_count, 1 + key_syn_backlog);
    tcp_close(client);
    tcp_close(flow);
    finish(&net, listener);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence),
        cmocka_unit_test(at_once),
        cmocka_unit_test(flood_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
