/*
 * Tests fibers that wait in a socket. The module is one translation unit, above an IP and an ICMP that
 * transport nothing.
 */
#include "udp_unit.h"

#include "test/support/test.h"

struct ip {
    void *udp;
};
struct icmp {
    void *udp;
};
struct random {
    uint32_t state;
};

static struct ip ip;
static struct icmp icmp;
static struct random generator;
static const struct ip_addr own = IP_V4(10, 0, 0, 2), peer = IP_V4(10, 0, 0, 1);

void ip_listen_udp(struct ip *on, void *ctx)
{
    on->udp = ctx;
}

void icmp_listen_udp(struct icmp *on, void *ctx)
{
    on->udp = ctx;
}

uint32_t ip_offloads(struct ip *on)
{
    (void)on;
    return 0;
}

bool ip_has(struct ip *on, const struct ip_addr *addr)
{
    (void)on;
    return ip_equal(addr, &own);
}

err ip_source(struct ip *on, const struct ip_addr *destination, struct ip_addr *out)
{
    (void)on, (void)destination;
    *out = own;
    return OK;
}

err ip_write(struct ip *on, const struct ip_head *head, struct buf *payload)
{
    (void)on, (void)head;
    buf_free(payload);
    return OK;
}

void ip_reduce_mtu(struct ip *on, const struct ip_addr *destination, uint32_t mtu)
{
    (void)on, (void)destination, (void)mtu;
}

err icmp_send_error(struct icmp *on, const struct icmp_error *error, const struct ip_head *head,
                    struct buf *payload)
{
    (void)on, (void)error, (void)head;
    buf_free(payload);
    return OK;
}

uint32_t random_below(struct random *from, uint32_t bound)
{
    return from->state++ % bound;
}

enum { PEER_PORT = 7, PORT = 4000, PAYLOAD = 5 };

/* Deliver a datagram from this address, in a piece of memory of this size. On IPv4, it needs no checksum. */
static void datagram_comes_in(const struct ip_addr *from, size_t size)
{
    struct ip_head head = { .source = *from, .destination = own, .protocol = IP_PROTOCOL_UDP };
    struct buf *b = buf_alloc(size);
    buf_truncate(b, UDP_HEADER + PAYLOAD);
    memset(b->data, 0, b->len);
    udp_emit(b->data, PEER_PORT, PORT, b->len);
    ip_on_udp(ip.udp, b, &head);
}

static void datagram_comes(void)
{
    datagram_comes_in(&peer, UDP_HEADER + PAYLOAD);
}

static void datagram_comes_from(const struct ip_addr *from)
{
    datagram_comes_in(from, UDP_HEADER + PAYLOAD);
}

/* Deliver an error for a datagram to a closed port of this address. */
static void refusal_comes_about(const struct ip_addr *to)
{
    struct icmp_error error = { .kind = ICMP_UNREACHABLE_PORT,
                                .head = { .source = own, .destination = *to } };
    wire_put16(error.transport + UDP_SOURCE, PORT);
    wire_put16(error.transport + UDP_DESTINATION, PEER_PORT);
    icmp_on_udp_error(icmp.udp, &error);
}

static void refusal_comes(void)
{
    refusal_comes_about(&peer);
}

static err receive_one(void *arg)
{
    struct buf *b = NULL;
    err e = udp_receive(arg, NULL, &b);
    buf_free(b);
    return e;
}

static err receive_late(void *arg)
{
    err e = OK;
    OS_DEADLINE(1)
    {
        e = receive_one(arg);
    }
    return e;
}

enum event { NOTHING, DATAGRAM, REFUSAL, CANCELLATION, LATE, EVENTS };

static void happen(enum event event, struct os_fiber *receiver)
{
    switch (event) {
    case DATAGRAM: datagram_comes(); break;
    case REFUSAL: refusal_comes(); break;
    case CANCELLATION: os_cancel(receiver); break;
    default: break;
    }
}

static struct udp *udp_make(struct udp_socket **socket, struct os_fiber **receiver, bool late)
{
    struct endpoint to = { peer, PEER_PORT };
    struct udp *udp = NULL;
    CHECK_EQUAL(udp_connect(&udp, &ip, &icmp, &generator), OK);
    CHECK_EQUAL(udp_bind(udp, &own, PORT, socket), OK);
    CHECK_EQUAL(udp_send(*socket, &to, buf_copy("hello", PAYLOAD)), OK);
    CHECK_EQUAL(os_spawn(receiver, late ? receive_late : receive_one, *socket), OK);
    IGNORE(os_yield());
    return udp;
}

FIBER_TEST(what_a_receiver_gets)
{
    static const err expected[EVENTS] = {
        [DATAGRAM] = OK, [REFUSAL] = ERR_REFUSED, [CANCELLATION] = ERR_CANCELLED, [LATE] = ERR_TIMEOUT
    };
    for (enum event event = DATAGRAM; event < EVENTS; event++) {
        struct udp_socket *socket = NULL;
        struct os_fiber *receiver = NULL;
        struct udp *udp = udp_make(&socket, &receiver, event == LATE);
        happen(event, receiver);
        CHECK_EQUAL(os_join(receiver), expected[event]);
        udp_unbind(socket);
        udp_disconnect(udp);
    }
    return OK;
}

/* The socket is freed in the turn in which the receiver's wait ended, or while it waits. */
FIBER_TEST(unbind_under_a_receiver)
{
    for (enum event event = NOTHING; event < EVENTS; event++) {
        struct udp_socket *socket = NULL;
        struct os_fiber *receiver = NULL;
        struct udp *udp = udp_make(&socket, &receiver, event == LATE);
        happen(event, receiver);
        CHECK_EQUAL(os_has_waiters(&socket->readers), event == NOTHING);
        udp_unbind(socket);
        CHECK_EQUAL(os_join(receiver), ERR_CLOSED);
        udp_disconnect(udp);
    }
    return OK;
}

static err send_to(struct udp_socket *socket, const struct ip_addr *to)
{
    return udp_send(socket, &(struct endpoint){ *to, PEER_PORT }, buf_copy("hello", PAYLOAD));
}

/* One refusal is told at most once, and not at all when something has happened since. */
FIBER_TEST(refusals_do_not_stick)
{
    static const struct ip_addr other = IP_V4(10, 0, 0, 3);
    struct udp_socket *socket = NULL;
    struct udp *udp = NULL;
    CHECK_EQUAL(udp_connect(&udp, &ip, &icmp, &generator), OK);
    CHECK_EQUAL(udp_bind(udp, &own, PORT, &socket), OK);
    CHECK_EQUAL(send_to(socket, &peer), OK);
    refusal_comes(), refusal_comes();
    CHECK_EQUAL(receive_one(socket), ERR_REFUSED);
    CHECK_EQUAL(receive_late(socket), ERR_TIMEOUT);
    /* Another datagram has been sent, which may be answered. */
    refusal_comes();
    CHECK_EQUAL(send_to(socket, &peer), OK);
    CHECK_EQUAL(receive_late(socket), ERR_TIMEOUT);
    /* The answer comes after it, or came before it. */
    refusal_comes();
    datagram_comes();
    refusal_comes();
    CHECK_EQUAL(receive_one(socket), OK);
    CHECK_EQUAL(receive_late(socket), ERR_TIMEOUT);
    /* It is about another peer than the latest. */
    CHECK_EQUAL(send_to(socket, &other), OK);
    refusal_comes();
    CHECK_EQUAL(receive_late(socket), ERR_TIMEOUT);
    refusal_comes_about(&other);
    CHECK_EQUAL(receive_one(socket), ERR_REFUSED);
    udp_unbind(socket);
    udp_disconnect(udp);
    return OK;
}

/* A client that closes its port does not stop the server that answers it. */
FIBER_TEST(refused_answers_are_no_matter)
{
    static const struct ip_addr client = IP_V4(10, 0, 0, 4);
    struct udp_socket *socket = NULL;
    struct udp *udp = NULL;
    CHECK_EQUAL(udp_connect(&udp, &ip, &icmp, &generator), OK);
    CHECK_EQUAL(udp_bind(udp, &own, PORT, &socket), OK);
    datagram_comes_from(&client);
    CHECK_EQUAL(receive_one(socket), OK);
    CHECK_EQUAL(send_to(socket, &client), OK);
    refusal_comes_about(&client);
    CHECK_EQUAL(receive_late(socket), ERR_TIMEOUT);
    udp_unbind(socket);
    udp_disconnect(udp);
    return OK;
}

/* Datagrams of a few bytes that came in pages, or in larger pieces, hold no more than the socket may. */
FIBER_TEST(what_waits_is_charged_by_its_memory)
{
    static const size_t sizes[] = { UDP_HEADER + PAYLOAD, 65536 };
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct udp_socket *socket = NULL;
        struct udp *udp = NULL;
        struct buf_stats stats;
        struct buf *b = NULL;
        CHECK_EQUAL(udp_connect(&udp, &ip, &icmp, &generator), OK);
        CHECK_EQUAL(udp_bind(udp, &own, PORT, &socket), OK);
        for (int n = 0; n < 8; n++)
            datagram_comes_in(&peer, sizes[i]);
        CHECK_EQUAL(udp->queue_full.value, 0);
        CHECK(socket->pinned <= (size_t)key_queue_bytes_max);
        buf_get_stats(&stats);
        CHECK((stats.pages - stats.heap_pieces) * 4096 + stats.heap_bytes <= (size_t)key_queue_bytes_max);
        for (int n = 0; n < 8; n++) {
            CHECK_EQUAL(udp_receive(socket, NULL, &b), OK);
            CHECK_EQUAL(buf_len(b), PAYLOAD);
            buf_free(b);
        }
        CHECK_EQUAL(socket->pinned, 0);
        udp_unbind(socket);
        udp_disconnect(udp);
    }
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_receiver_gets),
        cmocka_unit_test(unbind_under_a_receiver),
        cmocka_unit_test(refusals_do_not_stick),
        cmocka_unit_test(refused_answers_are_no_matter),
        cmocka_unit_test(what_waits_is_charged_by_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
