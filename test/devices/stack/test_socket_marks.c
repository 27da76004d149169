/* The DSCP and the hop limit of connections of the kernel. */
#include "stack_test.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* The descriptor with the flow's two ports. */
static int descriptor_of(flow *f)
{
    struct endpoint local, peer;
    socket_stack_tcp_local(f, &local);
    socket_stack_tcp_peer(f, &peer);
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in6 a = { 0 }, b = { 0 };
        socklen_t len_a = sizeof a, len_b = sizeof b;
        if (getsockname(fd, (struct sockaddr *)&a, &len_a) == 0 &&
            getpeername(fd, (struct sockaddr *)&b, &len_b) == 0 &&
            (a.sin6_family == AF_INET || a.sin6_family == AF_INET6) && ntohs(a.sin6_port) == local.port &&
            ntohs(b.sin6_port) == peer.port)
            return fd;
    }
    return -1;
}

static int number_of(flow *f, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    CHECK_EQUAL(getsockopt(descriptor_of(f), level, name, &value, &len), 0);
    return value;
}

static void check_marks(flow *f, bool v4, int dscp, int hops)
{
    CHECK_EQUAL(number_of(f, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS) & 0xfc, dscp << 2);
    CHECK_EQUAL(number_of(f, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS), hops);
}

static err marked(struct ip_addr addr)
{
    struct tcp_options expedited = { 46, 9 }, usual = { 0, 0 }, wrong = { 64, 9 }, far = { 46, 256 };
    bool v4 = ip_is_v4(&addr);
    struct pair p;
    flow *client, *server, *nobody;

    TRY(pair_open(&p, addr));
    int hops = number_of(p.client, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS);
    struct endpoint to = { addr, socket_stack_tcp_listener_port(p.listener) };
    CHECK_EQUAL(socket_stack_tcp_open_with(p.tcp, &to, &expedited, buf_static("", 0), &client), OK);
    CHECK_EQUAL(socket_stack_tcp_accept(p.listener, &server), OK);
    check_marks(client, v4, 46, 9);
    check_marks(server, v4, 0, hops);
    CHECK_EQUAL(socket_stack_tcp_set_options(server, &expedited), OK);
    check_marks(server, v4, 46, 9);
    CHECK_EQUAL(socket_stack_tcp_set_options(client, &wrong), ERR_INVALID);
    CHECK_EQUAL(socket_stack_tcp_set_options(client, &far), ERR_INVALID);
    check_marks(client, v4, 46, 9);
    CHECK_EQUAL(socket_stack_tcp_set_options(client, &usual), OK);
    check_marks(client, v4, 0, hops);
    CHECK_EQUAL(socket_stack_tcp_open_with(p.tcp, &to, &wrong, buf_static("x", 1), &nobody), ERR_INVALID);
    CHECK_EQUAL(write_text(client, "question"), OK);
    expect_text(server, "question");
    socket_stack_tcp_close(client);
    socket_stack_tcp_close(server);
    pair_close(&p);
    return OK;
}

/* The kernel gets the options of a connection, before it is opened and after it was accepted. */
FIBER_TEST(v4)
{
    return marked(LOOPBACK4);
}

FIBER_TEST(v6)
{
    err e = marked(LOOPBACK6);

    return e == ERR_ADDRESS_NOT_HERE ? OK : e;
}

/* A listener on every address takes IPv4 connections on a socket for IPv6. */
FIBER_TEST(mapped)
{
    struct tcp_options expedited = { 46, 9 };
    struct socket_stack_tcp_listener *listener;
    struct pair p;
    flow *client, *server;
    TRY(pair_open(&p, LOOPBACK4));
    TRY(socket_stack_tcp_listen(p.tcp, &IP_ANY, 0, 16, &listener));
    struct endpoint to = { LOOPBACK4, socket_stack_tcp_listener_port(listener) };
    CHECK_EQUAL(socket_stack_tcp_open(p.tcp, &to, &client), OK);
    CHECK_EQUAL(socket_stack_tcp_accept(listener, &server), OK);
    CHECK_EQUAL(socket_stack_tcp_set_options(server, &expedited), OK);
    check_marks(server, true, 46, 9);
    socket_stack_tcp_close(client);
    socket_stack_tcp_close(server);
    socket_stack_tcp_unlisten(listener);
    pair_close(&p);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4),
        cmocka_unit_test(v6),
        cmocka_unit_test(mapped),
    };

    return cmocka_run_group_tests_name("socket_marks", tests, NULL, NULL);
}
