#include "stack_test.h"

#include <platform/platform.h>

typedef struct socket_stack_udp_socket sock;

struct two {
    struct socket_stack *stack;
    struct socket_stack_udp *udp;
    sock *a, *b;
    struct endpoint to_a, to_b;
};

static err two_open(struct two *t, struct ip_addr local, struct ip_addr reach)
{
    TRY(socket_stack_connect(&t->stack));
    t->udp = socket_stack_get_udp(t->stack);
    TRY(socket_stack_udp_bind(t->udp, &local, 0, &t->a));
    TRY(socket_stack_udp_bind(t->udp, &local, 0, &t->b));
    t->to_a = (struct endpoint){ reach, socket_stack_udp_port(t->a) };
    t->to_b = (struct endpoint){ reach, socket_stack_udp_port(t->b) };
    CHECK(t->to_a.port != 0 && t->to_a.port != t->to_b.port);
    return OK;
}

static void two_close(struct two *t)
{
    socket_stack_udp_unbind(t->a);
    socket_stack_udp_unbind(t->b);
    socket_stack_disconnect(t->stack);
}

static struct buf *zeros(size_t len)
{
    struct buf *b = buf_alloc(len);

    memset(b->data, 0, len);
    return b;
}

/* Send `len` bytes in views of `piece` and receive them on the other side. */
static void carry(struct two *t, size_t len, size_t piece)
{
    struct buf *out = NULL, *in = (struct buf *)1;
    struct endpoint from;
    uint8_t n = 0;
    bool same = true;

    for (size_t left = len; left;) {
        size_t part = left < piece ? left : piece;
        struct buf *b = buf_alloc(part);
        for (size_t i = 0; i < part; i++)
            b->data[i] = n++;
        out = buf_append(out, b);
        left -= part;
    }
    CHECK_EQUAL(socket_stack_udp_send(t->a, &t->to_b, out), OK);
    CHECK_EQUAL(socket_stack_udp_receive(t->b, &from, &in), OK);
    CHECK(ip_equal(&from.addr, &t->to_a.addr) && from.port == t->to_a.port);
    CHECK_EQUAL(buf_len(in), len);
    CHECK((in == NULL) == (len == 0));
    n = 0;
    for (const struct buf *b = in; b; b = b->next)
        for (size_t i = 0; i < b->len; i++)
            same = same && b->data[i] == n++;
    CHECK(same);
    buf_free(in);
}

static err exchange(struct ip_addr local, struct ip_addr reach)
{
    struct two t;

    TRY(two_open(&t, local, reach));
    carry(&t, 0, 1);
    carry(&t, 5, 5);
    carry(&t, BUF_PAGE_ROOM, 1000);
    carry(&t, BUF_PAGE_ROOM + 1, 4000);
    carry(&t, 65000, 100);
    CHECK_EQUAL(socket_stack_udp_send(t.a, &t.to_b, zeros(65530)), ERR_TOO_LARGE);
    CHECK_EQUAL(socket_stack_udp_send(t.a, &t.to_b, zeros(100000)), ERR_TOO_LARGE);
    two_close(&t);
    return OK;
}

FIBER_TEST(v4)
{
    return exchange(LOOPBACK4, LOOPBACK4);
}

FIBER_TEST(v6)
{
    err e = exchange(LOOPBACK6, LOOPBACK6);

    return e == ERR_ADDRESS_NOT_HERE ? OK : e;
}

FIBER_TEST(both_families)
{
    return exchange(IP_ANY, LOOPBACK4);
}

FIBER_TEST(port_taken)
{
    struct ip_addr elsewhere = IP_V4(192, 0, 2, 1);
    struct endpoint to_v6 = { LOOPBACK6, 9 };
    struct two t;
    sock *other;

    TRY(two_open(&t, LOOPBACK4, LOOPBACK4));
    CHECK_EQUAL(socket_stack_udp_bind(t.udp, &LOOPBACK4, t.to_a.port, &other), ERR_ADDRESS_IN_USE);
    CHECK_EQUAL(socket_stack_udp_bind(t.udp, &elsewhere, 0, &other), ERR_ADDRESS_NOT_HERE);
    CHECK_EQUAL(socket_stack_udp_send(t.a, &to_v6, buf_copy("x", 1)), ERR_UNREACHABLE);
    two_close(&t);
    return OK;
}

/*
 * A closed port answers with ICMP. The next receive returns the error, unless a datagram came or was sent in
 * between, and then the socket works again.
 */
static err refused_by(struct ip_addr local)
{
    struct endpoint closed;
    struct buf *b = NULL;
    struct two t;

    TRY(two_open(&t, local, LOOPBACK4));
    closed = t.to_b;
    socket_stack_udp_unbind(t.b);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(socket_stack_udp_send(t.a, &closed, buf_copy("x", 1)), OK);
        CHECK_EQUAL(socket_stack_udp_receive(t.a, NULL, &b), ERR_REFUSED);
    }
    CHECK_EQUAL(socket_stack_udp_send(t.a, &closed, buf_copy("x", 1)), OK);
    CHECK_EQUAL(socket_stack_udp_send(t.a, &t.to_a, buf_copy("me", 2)), OK);
    CHECK_EQUAL(socket_stack_udp_receive(t.a, NULL, &b), OK);
    CHECK(b && b->len == 2);
    buf_free(b);
    TRY(socket_stack_udp_bind(t.udp, &local, 0, &t.b));
    two_close(&t);
    return OK;
}

FIBER_TEST(refused)
{
    TRY(refused_by(LOOPBACK4));
    return refused_by(IP_ANY);
}

static err receive_one(void *arg)
{
    struct buf *b = NULL;
    err e = socket_stack_udp_receive(arg, NULL, &b);

    buf_free(b);
    return e;
}

/* A client that closes its port does not stop the server that answers it. */
FIBER_TEST(refused_answer)
{
    struct buf *b = NULL;
    struct two t;

    TRY(two_open(&t, LOOPBACK4, LOOPBACK4));
    CHECK_EQUAL(socket_stack_udp_send(t.b, &t.to_a, buf_copy("?", 1)), OK);
    CHECK_EQUAL(socket_stack_udp_receive(t.a, NULL, &b), OK);
    buf_free(b);
    socket_stack_udp_unbind(t.b);
    CHECK_EQUAL(socket_stack_udp_send(t.a, &t.to_b, buf_copy("!", 1)), OK);
    OS_DEADLINE(os_now() + MILLISECONDS(20))
    {
        CHECK_EQUAL(socket_stack_udp_receive(t.a, NULL, &b), ERR_TIMEOUT);
    }
    TRY(socket_stack_udp_bind(t.udp, &LOOPBACK4, 0, &t.b));
    two_close(&t);
    return OK;
}

FIBER_TEST(waiting)
{
    struct os_fiber *fiber;
    struct two t;

    TRY(two_open(&t, LOOPBACK4, LOOPBACK4));
    TRY(os_spawn(&fiber, receive_one, t.a));
    os_sleep(MILLISECONDS(1));
    os_cancel(fiber);
    CHECK_EQUAL(os_join(fiber), ERR_CANCELLED);
    TRY(os_spawn(&fiber, receive_one, t.b));
    os_sleep(MILLISECONDS(1));
    socket_stack_udp_unbind(t.b);
    CHECK_EQUAL(os_join(fiber), ERR_CLOSED);
    TRY(socket_stack_udp_bind(t.udp, &LOOPBACK4, 0, &t.b));
    two_close(&t);
    return OK;
}

/*
 * The socket is closed after the receiver's wait ended, by a datagram or a cancellation, and before it runs.
 */
FIBER_TEST(unbind_under_woken_receiver)
{
    struct os_fiber *fiber;
    struct two t;

    TRY(two_open(&t, LOOPBACK4, LOOPBACK4));
    for (int served = 0; served < 2; served++) {
        t.to_b.port = socket_stack_udp_port(t.b);
        TRY(os_spawn(&fiber, receive_one, t.b));
        os_sleep(MILLISECONDS(1));
        if (served) {
            CHECK_EQUAL(socket_stack_udp_send(t.a, &t.to_b, zeros(1)), OK);
            platform_wait(os_now() + MILLISECONDS(100));
        } else {
            os_cancel(fiber);
        }
        socket_stack_udp_unbind(t.b);
        CHECK_EQUAL(os_join(fiber), ERR_CLOSED);
        TRY(socket_stack_udp_bind(t.udp, &LOOPBACK4, 0, &t.b));
    }
    two_close(&t);
    return OK;
}

/* Datagrams that nobody receives are dropped, so the sender is not blocked. */
FIBER_TEST(flood)
{
    struct two t;
    size_t got = 0;

    TRY(two_open(&t, LOOPBACK4, LOOPBACK4));
    for (int i = 0; i < 20000; i++)
        CHECK_EQUAL(socket_stack_udp_send(t.a, &t.to_b, zeros(1000)), OK);
    for (err e = OK; e == OK; got += e == OK) {
        struct buf *b = NULL;
        OS_DEADLINE(os_now() + MILLISECONDS(20))
        {
            e = socket_stack_udp_receive(t.b, NULL, &b);
        }
        buf_free(b);
    }
    CHECK(got > 10 && got <= 20000);
    two_close(&t);
    return OK;
}

FIBER_TEST(host)
{
    struct ip_addr reach = LOOPBACK4, source;
    struct ip_head head = { .protocol = 200 };
    struct ip_cidr addresses[64];
    struct socket_stack *stack;
    struct socket_stack_ip *ip;
    bool loopback = false;
    size_t count;

    TRY(socket_stack_connect(&stack));
    ip = socket_stack_get_ip(stack);
    CHECK_EQUAL(socket_stack_ip_source(ip, &reach, &source), OK);
    CHECK(ip_equal(&source, &reach));
    CHECK(socket_stack_ip_mtu(ip, &reach) >= 1480);
    CHECK(socket_stack_ip_mtu(ip, &reach) <= 65535 - 20);
    count = socket_stack_ip_addresses(ip, addresses, 64);
    CHECK(count >= 1);
    CHECK_EQUAL(socket_stack_ip_addresses(ip, NULL, 0), count);
    for (size_t i = 0; i < count && i < 64; i++)
        loopback = loopback || (ip_equal(&addresses[i].addr, &reach) && addresses[i].prefix == 8);
    CHECK(loopback);
    CHECK_EQUAL(socket_stack_ip_write(ip, &head, zeros(10)), ERR_UNSUPPORTED);
    CHECK_EQUAL(socket_stack_ip_write(ip, &head, NULL), ERR_NO_MEMORY);
    CHECK_EQUAL(socket_stack_ip_offloads(ip), 0);
    socket_stack_ip_listen_tcp(ip, NULL);
    socket_stack_ip_listen_udp(ip, NULL);
    socket_stack_ip_listen_icmp(ip, NULL);
    socket_stack_disconnect(stack);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4),
        cmocka_unit_test(v6),
        cmocka_unit_test(both_families),
        cmocka_unit_test(port_taken),
        cmocka_unit_test(refused),
        cmocka_unit_test(refused_answer),
        cmocka_unit_test(waiting),
        cmocka_unit_test(unbind_under_woken_receiver),
        cmocka_unit_test(flood),
        cmocka_unit_test(host),
    };

    return cmocka_run_group_tests_name("socket_udp", tests, NULL, NULL);
}
