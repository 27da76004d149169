#include "stack_test.h"

#include <platform/platform.h>

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

static err exchange(struct ip_addr addr)
{
    struct endpoint a, b;
    struct pair p;
    struct buf *none;

    TRY(pair_open(&p, addr));
    socket_stack_tcp_peer(p.server, &a);
    socket_stack_tcp_local(p.client, &b);
    CHECK(ip_equal(&a.addr, &b.addr) && a.port == b.port && ip_equal(&a.addr, &addr));
    socket_stack_tcp_local(p.server, &a);
    socket_stack_tcp_peer(p.client, &b);
    CHECK(ip_equal(&a.addr, &b.addr) && a.port == b.port);
    CHECK_EQUAL(a.port, socket_stack_tcp_listener_port(p.listener));
    socket_stack_tcp_set_nodelay(p.client, false);
    socket_stack_tcp_set_keepalive(p.client, SECONDS(10));
    CHECK_EQUAL(write_text(p.client, "request"), OK);
    expect_text(p.server, "request");
    CHECK_EQUAL(write_text(p.server, "response"), OK);
    expect_text(p.client, "response");
    CHECK_EQUAL(socket_stack_tcp_write(p.server, buf_static("", 0)), OK);
    CHECK_EQUAL(socket_stack_tcp_write(p.server, NULL), ERR_NO_MEMORY);
    /* The client ends its side; the server can still answer. */
    CHECK_EQUAL(socket_stack_tcp_shutdown(p.client), OK);
    CHECK_EQUAL(socket_stack_tcp_shutdown(p.client), OK);
    CHECK_EQUAL(write_text(p.client, "x"), ERR_CLOSED);
    CHECK_EQUAL(socket_stack_tcp_read(p.server, &none), ERR_END);
    CHECK_EQUAL(socket_stack_tcp_read(p.server, &none), ERR_END);
    CHECK_EQUAL(write_text(p.server, "after the end"), OK);
    CHECK_EQUAL(socket_stack_tcp_shutdown(p.server), OK);
    expect_text(p.client, "after the end");
    CHECK_EQUAL(socket_stack_tcp_read(p.client, &none), ERR_END);
    pair_close(&p);
    return OK;
}

FIBER_TEST(v4)
{
    return exchange(LOOPBACK4);
}

FIBER_TEST(v6)
{
    err e = exchange(LOOPBACK6);

    return e == ERR_ADDRESS_NOT_HERE ? OK : e;
}

FIBER_TEST(both_families)
{
    struct ip_addr addresses[] = { LOOPBACK4, LOOPBACK6 };
    struct socket_stack_tcp_listener *listener;
    struct socket_stack *stack;
    struct socket_stack_tcp *tcp;

    TRY(socket_stack_connect(&stack));
    tcp = socket_stack_get_tcp(stack);
    TRY(socket_stack_tcp_listen(tcp, &IP_ANY, 0, 16, &listener));
    for (int i = 0; i < 2; i++) {
        struct endpoint to = { addresses[i], socket_stack_tcp_listener_port(listener) }, seen;
        flow *client, *server;
        err e = socket_stack_tcp_open(tcp, &to, &client);
        if (i == 1 && e == ERR_UNREACHABLE)
            break;
        CHECK_EQUAL(e, OK);
        TRY(socket_stack_tcp_accept(listener, &server));
        socket_stack_tcp_peer(server, &seen);
        CHECK(ip_equal(&seen.addr, &addresses[i]));
        CHECK_EQUAL(ip_is_v4(&seen.addr), i == 0);
        socket_stack_tcp_local(server, &seen);
        CHECK(ip_equal(&seen.addr, &addresses[i]));
        socket_stack_tcp_close(client);
        socket_stack_tcp_close(server);
    }
    socket_stack_tcp_unlisten(listener);
    socket_stack_disconnect(stack);
    return OK;
}

FIBER_TEST(refusals)
{
    struct socket_stack_tcp_listener *listener, *other;
    struct endpoint to = { .addr = LOOPBACK4 };
    struct ip_addr elsewhere = IP_V4(192, 0, 2, 1);
    struct socket_stack *stack;
    struct socket_stack_tcp *tcp;
    flow *f;

    TRY(socket_stack_connect(&stack));
    tcp = socket_stack_get_tcp(stack);
    TRY(socket_stack_tcp_listen(tcp, &LOOPBACK4, 0, 1, &listener));
    to.port = socket_stack_tcp_listener_port(listener);
    CHECK_EQUAL(socket_stack_tcp_listen(tcp, &LOOPBACK4, to.port, 1, &other), ERR_ADDRESS_IN_USE);
    CHECK_EQUAL(socket_stack_tcp_listen(tcp, &IP_ANY, to.port, 1, &other), ERR_ADDRESS_IN_USE);
    CHECK_EQUAL(socket_stack_tcp_listen(tcp, &elsewhere, 0, 1, &other), ERR_ADDRESS_NOT_HERE);
    socket_stack_tcp_unlisten(listener);
    CHECK_EQUAL(socket_stack_tcp_open(tcp, &to, &f), ERR_REFUSED);
    /* The port is free again at once. */
    CHECK_EQUAL(socket_stack_tcp_listen(tcp, &LOOPBACK4, to.port, 1, &listener), OK);
    socket_stack_tcp_unlisten(listener);
    socket_stack_disconnect(stack);
    return OK;
}

static err accept_one(void *arg)
{
    flow *f;
    err e = socket_stack_tcp_accept(arg, &f);

    if (e == OK)
        socket_stack_tcp_close(f);
    return e;
}

static err read_one(void *arg)
{
    struct buf *b;
    err e = socket_stack_tcp_read(arg, &b);

    if (e == OK)
        buf_free(b);
    return e;
}

static err write_endless(void *arg)
{
    static const char page[BUF_PAGE_ROOM];

    for (;;)
        TRY(socket_stack_tcp_write(arg, buf_static(page, sizeof page)));
}

/* Every waiting fiber gets an error, whether it sleeps or was woken already, and the peer sees the end. */
FIBER_TEST(close_while_waiting)
{
    struct os_fiber *reader, *writer, *acceptor;
    struct pair p;
    struct buf *b;
    size_t got = 0;

    TRY(pair_open(&p, LOOPBACK4));
    TRY(os_spawn(&reader, read_one, p.server));
    TRY(os_spawn(&writer, write_endless, p.server));
    os_sleep(MILLISECONDS(5));
    CHECK_EQUAL(socket_stack_tcp_read(p.server, &b), ERR_BUSY);
    CHECK_EQUAL(write_text(p.server, "x"), ERR_BUSY);
    CHECK_EQUAL(socket_stack_tcp_shutdown(p.server), ERR_BUSY);
    socket_stack_tcp_close(p.server);
    p.server = NULL;
    CHECK_EQUAL(os_join(reader), ERR_CLOSED);
    CHECK_EQUAL(os_join(writer), ERR_CLOSED);
    /* Bytes that the flow accepted are delivered before the end. */
    CHECK_EQUAL(read_all(p.client, &got), ERR_END);
    CHECK(got >= BUF_PAGE_ROOM);
    TRY(os_spawn(&acceptor, accept_one, p.listener));
    TRY(os_yield());
    socket_stack_tcp_unlisten(p.listener);
    CHECK_EQUAL(os_join(acceptor), ERR_CLOSED);
    TRY(socket_stack_tcp_listen(p.tcp, &LOOPBACK4, 0, 1, &p.listener));
    pair_close(&p);
    return OK;
}

/* The flow or listener is closed and freed after the waits of its fibers ended and before they run. */
FIBER_TEST(close_under_woken_waiters)
{
    struct os_fiber *reader, *writer, *acceptor;
    struct pair p;

    for (int abort = 0; abort < 2; abort++) {
        TRY(pair_open(&p, LOOPBACK4));
        TRY(os_spawn(&reader, read_one, p.server));
        TRY(os_spawn(&writer, write_endless, p.server));
        TRY(os_spawn(&acceptor, accept_one, p.listener));
        os_sleep(MILLISECONDS(5));
        os_cancel(reader);
        os_cancel(writer);
        os_cancel(acceptor);
        if (abort)
            socket_stack_tcp_abort(p.server);
        else
            socket_stack_tcp_close(p.server);
        p.server = NULL;
        socket_stack_tcp_unlisten(p.listener);
        CHECK_EQUAL(os_join(reader), ERR_CLOSED);
        CHECK_EQUAL(os_join(writer), ERR_CLOSED);
        CHECK_EQUAL(os_join(acceptor), ERR_CLOSED);
        TRY(socket_stack_tcp_listen(p.tcp, &LOOPBACK4, 0, 1, &p.listener));
        pair_close(&p);
    }
    return OK;
}

/* A byte has arrived and the loop has seen it. The flow is closed before the reader runs. */
FIBER_TEST(close_under_served_reader)
{
    struct os_fiber *reader;
    struct pair p;

    TRY(pair_open(&p, LOOPBACK4));
    TRY(os_spawn(&reader, read_one, p.server));
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(write_text(p.client, "x"), OK);
    platform_wait(os_now() + MILLISECONDS(100));
    socket_stack_tcp_abort(p.server);
    p.server = NULL;
    CHECK_EQUAL(os_join(reader), ERR_CLOSED);
    pair_close(&p);
    return OK;
}

FIBER_TEST(cancelled_read)
{
    struct os_fiber *reader;
    struct pair p;

    TRY(pair_open(&p, LOOPBACK4));
    TRY(os_spawn(&reader, read_one, p.server));
    os_sleep(MILLISECONDS(1));
    os_cancel(reader);
    CHECK_EQUAL(os_join(reader), ERR_CANCELLED);
    OS_DEADLINE(os_now() + MILLISECONDS(5))
    {
        struct buf *b;
        CHECK_EQUAL(socket_stack_tcp_read(p.server, &b), ERR_TIMEOUT);
    }
    /* The flow works as before. */
    CHECK_EQUAL(write_text(p.client, "late"), OK);
    expect_text(p.server, "late");
    pair_close(&p);
    return OK;
}

FIBER_TEST(reset)
{
    struct os_fiber *reader;
    struct pair p;
    struct buf *b;
    err e = OK;

    TRY(pair_open(&p, LOOPBACK4));
    TRY(os_spawn(&reader, read_one, p.server));
    os_sleep(MILLISECONDS(1));
    socket_stack_tcp_abort(p.client);
    p.client = NULL;
    CHECK_EQUAL(os_join(reader), ERR_RESET);
    for (int i = 0; i < 3 && e == OK; i++)
        e = write_text(p.server, "x");
    CHECK_EQUAL(e, ERR_RESET);
    e = socket_stack_tcp_read(p.server, &b);
    CHECK(e == ERR_RESET || e == ERR_END);
    pair_close(&p);
    return OK;
}

/* The peer still sends its request and receives the reply, although the request was not read to its end. */
FIBER_TEST(close_with_unread_input)
{
    struct os_fiber *writer;
    struct pair p;
    size_t got = 0;

    TRY(pair_open(&p, LOOPBACK4));
    TRY(os_spawn(&writer, write_endless, p.client));
    os_sleep(MILLISECONDS(5));
    CHECK_EQUAL(write_text(p.server, "too large"), OK);
    socket_stack_tcp_close(p.server);
    p.server = NULL;
    CHECK_EQUAL(read_all(p.client, &got), ERR_END);
    CHECK_EQUAL(got, 9);
    os_cancel(writer);
    CHECK_EQUAL(os_join(writer), ERR_CANCELLED);
    pair_close(&p);
    return OK;
}

enum { MUCH = 20 << 20 };

static err write_much(void *arg)
{
    size_t left = MUCH;
    uint8_t n = 0;

    while (left) {
        struct buf *chain = NULL;
        /* More views than one call takes, of all sizes, some empty. */
        for (int i = 0; i < 150 && left; i++) {
            size_t len = (size_t)(i * 37 % 3000);
            if (len > left)
                len = left;
            struct buf *b = buf_alloc(len);
            for (size_t j = 0; j < len; j++)
                b->data[j] = n++;
            chain = buf_append(chain, b);
            left -= len;
        }
        TRY(socket_stack_tcp_write(arg, chain));
    }
    return socket_stack_tcp_shutdown(arg);
}

/* A slow reader delays the writer, and every byte arrives once and in order. */
FIBER_TEST(slow_reader)
{
    struct os_fiber *writer;
    struct buf_stats stats;
    struct pair p;
    size_t total = 0, most = 0;
    uint8_t n = 0;
    bool ordered = true;

    TRY(pair_open(&p, LOOPBACK4));
    TRY(os_spawn(&writer, write_much, p.server));
    os_sleep(MILLISECONDS(50));
    buf_get_stats(&stats);
    most = stats.pages;
    for (int i = 0;; i++) {
        struct buf *b;
        err e = socket_stack_tcp_read(p.client, &b);
        if (e != OK) {
            CHECK_EQUAL(e, ERR_END);
            break;
        }
        for (const struct buf *v = b; v; v = v->next)
            for (size_t j = 0; j < v->len; j++)
                ordered = ordered && v->data[j] == n++;
        total += buf_len(b);
        buf_free(b);
        if (i % 100 == 0)
            os_sleep(MICROSECONDS(500));
    }
    CHECK(ordered);
    CHECK_EQUAL(total, MUCH);
    /* The writer waited while it held one chain. */
    CHECK(most < 200);
    CHECK_EQUAL(os_join(writer), OK);
    pair_close(&p);
    return OK;
}

static err serve_one(void *arg)
{
    struct buf *b;
    err e = socket_stack_tcp_read(arg, &b);

    if (e == OK)
        e = socket_stack_tcp_write(arg, b);
    socket_stack_tcp_close(arg);
    return e;
}

static err serve(void *arg)
{
    for (;;) {
        flow *f;
        TRY(socket_stack_tcp_accept(arg, &f));
        TRY(os_spawn(NULL, serve_one, f));
    }
}

/* Ten thousand successive connections leave nothing. */
FIBER_TEST(many_connections)
{
    struct socket_stack_tcp_listener *listener;
    struct buf_stats before, after;
    struct socket_stack *stack;
    struct socket_stack_tcp *tcp;
    struct os_fiber *server;
    struct endpoint to = { .addr = LOOPBACK4 };
    size_t fds = 0;

    TRY(socket_stack_connect(&stack));
    tcp = socket_stack_get_tcp(stack);
    TRY(socket_stack_tcp_listen(tcp, &LOOPBACK4, 0, 64, &listener));
    to.port = socket_stack_tcp_listener_port(listener);
    TRY(os_spawn(&server, serve, listener));
    for (int i = 0; i < 10000; i++) {
        flow *f;
        struct buf *b;
        err e = socket_stack_tcp_open(tcp, &to, &f);
        CHECK_EQUAL(e, OK);
        if (e != OK)
            break;
        CHECK_EQUAL(write_text(f, "echo"), OK);
        expect_text(f, "echo");
        /* Connections end in every way. No port may stay in TIME-WAIT for a minute. */
        if (i % 3 == 0)
            CHECK_EQUAL(socket_stack_tcp_read(f, &b), ERR_END);
        if (i % 3 == 2)
            socket_stack_tcp_abort(f);
        else
            socket_stack_tcp_close(f);
        if (i == 10) {
            os_sleep(MILLISECONDS(20));
            fds = count_fds();
            buf_get_stats(&before);
        }
    }
    os_sleep(MILLISECONDS(50));
    buf_get_stats(&after);
    CHECK_EQUAL(count_fds(), fds);
    CHECK_EQUAL(after.views, before.views);
    CHECK_EQUAL(after.pages, before.pages);
    os_cancel(server);
    CHECK_EQUAL(os_join(server), ERR_CANCELLED);
    socket_stack_tcp_unlisten(listener);
    socket_stack_disconnect(stack);
    return OK;
}

static err open_one(void *arg)
{
    struct pair *p = arg;
    struct endpoint to = { LOOPBACK4, socket_stack_tcp_listener_port(p->listener) };

    return socket_stack_tcp_open(p->tcp, &to, &p->client);
}

/* The first bytes arrive, with the SYN or after it, depending on the kernel's settings. */
FIBER_TEST(open_with)
{
    struct pair p;
    TRY(pair_open(&p, LOOPBACK4));
    struct endpoint to = { LOOPBACK4, socket_stack_tcp_listener_port(p.listener) };
    for (int i = 0; i < 4; i++) {
        flow *client, *server;
        struct buf *first = buf_copy("question", 8);
        /* more than a SYN holds, and more than one system call takes */
        for (int k = 0; i == 3 && k < 90; k++)
            first = buf_append(first, buf_alloc(BUF_PAGE_ROOM));
        size_t all = buf_len(first), got = 0;
        CHECK_EQUAL(socket_stack_tcp_open_with(p.tcp, &to, NULL, first, &client), OK);
        CHECK_EQUAL(socket_stack_tcp_accept(p.listener, &server), OK);
        CHECK_EQUAL(socket_stack_tcp_shutdown(client), OK);
        CHECK_EQUAL(read_all(server, &got), ERR_END);
        CHECK_EQUAL(got, all);
        CHECK_EQUAL(write_text(server, "answer"), OK);
        expect_text(client, "answer");
        socket_stack_tcp_close(client);
        socket_stack_tcp_close(server);
    }
    CHECK_EQUAL(socket_stack_tcp_open_with(p.tcp, &to, NULL, NULL, &p.client), ERR_NO_MEMORY);
    to.port = 1;
    flow *nobody;
    CHECK_EQUAL(socket_stack_tcp_open_with(p.tcp, &to, NULL, buf_static("question", 8), &nobody),
                ERR_REFUSED);
    pair_close(&p);
    return OK;
}

/* Without free descriptors, accept fails, with pauses between, and the connection is not lost. */
FIBER_TEST(out_of_descriptors)
{
    struct rlimit limit, low;
    struct os_fiber *acceptor;
    struct pair p;
    flow *second;
    os_time start;

    /* Valgrind enforces the limit itself. It closes connections that the kernel has accepted. */
    if (RUNNING_ON_VALGRIND)
        return OK;
    TRY(pair_open(&p, LOOPBACK4));
    socket_stack_tcp_close(p.client);
    CHECK_EQUAL(open_one(&p), OK);
    os_sleep(MILLISECONDS(1));
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    low.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &low);
    start = os_now();
    for (int i = 0; i < 3; i++)
        CHECK_EQUAL(socket_stack_tcp_accept(p.listener, &second), ERR_NO_SPACE);
    CHECK(os_now() - start >= MILLISECONDS(30));
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK_EQUAL(socket_stack_tcp_accept(p.listener, &second), OK);
    CHECK_EQUAL(write_text(p.client, "still there"), OK);
    expect_text(second, "still there");
    socket_stack_tcp_close(second);
    /* The listener may be closed during the pause. */
    socket_stack_tcp_close(p.client);
    CHECK_EQUAL(open_one(&p), OK);
    os_sleep(MILLISECONDS(1));
    setrlimit(RLIMIT_NOFILE, &low);
    TRY(os_spawn(&acceptor, accept_one, p.listener));
    TRY(os_yield());
    setrlimit(RLIMIT_NOFILE, &limit);
    socket_stack_tcp_unlisten(p.listener);
    CHECK_EQUAL(os_join(acceptor), ERR_CLOSED);
    TRY(socket_stack_tcp_listen(p.tcp, &LOOPBACK4, 0, 1, &p.listener));
    pair_close(&p);
    return OK;
}

/* Opening a connection can be cancelled. */
FIBER_TEST(open_cancelled)
{
    struct socket_stack *stack;
    struct endpoint to = { .addr = IP_V4(192, 0, 2, 1), .port = 9 };
    size_t fds = count_fds();
    flow *f;
    err e = OK;

    TRY(socket_stack_connect(&stack));
    OS_DEADLINE(os_now() + MILLISECONDS(20))
    {
        e = socket_stack_tcp_open(socket_stack_get_tcp(stack), &to, &f);
    }
    /* The network decides what happens to a packet for an address that nobody has. */
    CHECK(e == ERR_TIMEOUT || e == ERR_UNREACHABLE || e == ERR_REFUSED || e == OK);
    if (e == OK)
        socket_stack_tcp_abort(f);
    CHECK(count_fds() <= fds + 2); /* the loop may have opened new ones */
    socket_stack_disconnect(stack);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4),
        cmocka_unit_test(v6),
        cmocka_unit_test(both_families),
        cmocka_unit_test(refusals),
        cmocka_unit_test(close_while_waiting),
        cmocka_unit_test(close_under_woken_waiters),
        cmocka_unit_test(close_under_served_reader),
        cmocka_unit_test(cancelled_read),
        cmocka_unit_test(reset),
        cmocka_unit_test(close_with_unread_input),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(many_connections),
        cmocka_unit_test(out_of_descriptors),
        cmocka_unit_test(open_with),
        cmocka_unit_test(open_cancelled),
    };

    return cmocka_run_group_tests_name("socket_tcp", tests, NULL, NULL);
}
