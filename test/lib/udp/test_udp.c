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

/* Deliver a datagram from the peer. On IPv4, it needs no checksum. */
static void datagram_comes(void)
{
    struct ip_head head = { .source = peer, .destination = own, .protocol = IP_PROTOCOL_UDP };
    struct buf *b = buf_alloc(UDP_HEADER + PAYLOAD);
    memset(b->data, 0, b->len);
    udp_emit(b->data, PEER_PORT, PORT, b->len);
    ip_on_udp(ip.udp, b, &head);
}

/* Deliver the peer's error for a datagram to a closed port. */
static void refusal_comes(void)
{
    struct icmp_error error = { .kind = ICMP_UNREACHABLE_PORT,
                                .head = { .source = own, .destination = peer } };
    wire_put16(error.transport + UDP_SOURCE, PORT);
    wire_put16(error.transport + UDP_DESTINATION, PEER_PORT);
    icmp_on_udp_error(icmp.udp, &error);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_receiver_gets),
        cmocka_unit_test(unbind_under_a_receiver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
