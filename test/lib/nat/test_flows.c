/* Which flows the router follows, for how long, and who gives way when they are many. */
#include "nat_unit.h"

#include "network.h"

/* The port outside of the packet that a host inside sends; 0: it does not leave. */
static uint16_t leaves(const struct made *m)
{
    size_t n = from_inside(m);
    CHECK(n == 0 || one(true, OUT, destination_of(m->p)) || !sent[0].out);
    return n == 1 && sent[0].out ? source_port_of(sent[0].p) : 0;
}

/* Whether a datagram for this port outside comes to that host and port. */
static bool reaches(const struct made *m, uint32_t host, uint16_t port)
{
    return from_outside(m) == 1 && one(false, source_of(m->p), host) &&
           destination_port_of(sent[0].p) == port;
}

static uint16_t open_tcp(uint32_t host, uint16_t port, uint32_t far, uint16_t far_port)
{
    uint16_t outside_port = leaves(tcp(host, port, far, far_port, SYN, 100, 0, 0));
    CHECK(reaches(tcp(far, far_port, OUT, outside_port, SYN | ACK, 500, 101, 0), host, port));
    CHECK_EQUAL(leaves(tcp(host, port, far, far_port, ACK, 101, 501, 0)), outside_port);
    return outside_port;
}

static bool is_open(uint32_t host, uint16_t port, uint32_t far, uint16_t far_port, uint16_t outside_port)
{
    return reaches(tcp(far, far_port, OUT, outside_port, ACK, 501, 101, 10), host, port);
}

ROUTER_TEST(ports)
{
    CHECK_EQUAL(leaves(udp(A, 41000, FAR, 53, 10)), 41000);
    CHECK_EQUAL(sent[0].hop, GATEWAY);
    CHECK_EQUAL(sent[0].p[IPV4_TTL], 63);
    /* Whomever the host talks to, and whoever answers (RFC 4787, REQ-1 and REQ-8). */
    CHECK_EQUAL(leaves(udp(A, 41000, GATEWAY, 9, 10)), 41000);
    CHECK(reaches(udp(FAR + 1, 999, OUT, 41000, 10), A, 41000));
    CHECK_EQUAL(sent[0].hop, A);
    /* Another host's has another port, of the same parity and range. */
    uint16_t second = leaves(udp(B, 41000, FAR, 53, 10));
    CHECK(second != 41000 && second >= 1024 && second % 2 == 0);
    CHECK(reaches(udp(FAR, 53, OUT, second, 10), B, 41000));
    CHECK_EQUAL(leaves(udp(A, 123, FAR, 123, 10)), 123);
    uint16_t low = leaves(udp(B, 123, FAR, 123, 10));
    CHECK(low != 0 && low != 123 && low < 1024 && low % 2 == 1);
    /* TCP's ports are others than UDP's. */
    CHECK_EQUAL(leaves(tcp(B, 41000, FAR, 80, SYN, 1, 0, 0)), 41000);
    CHECK_EQUAL(leaves(udp(A, 0, FAR, 53, 10)), 0);
    CHECK_EQUAL(leaves(udp(A, 41000, FAR, 0, 10)), 0);
    CHECK_EQUAL(count_of("nat.mappings"), 5);
    CHECK_EQUAL(count_of("nat.hosts"), 2);
}

/* Ports that are drawn can't be told from those before (RFC 6056). */
ROUTER_TEST(ports_are_random)
{
    size_t near = 0;
    uint16_t before = 0;
    for (uint32_t i = 0; i < 200; i++) {
        CHECK(leaves(udp(A + i % 100, (uint16_t)(5000 + i / 100), FAR, 53, 1)) != 0);
        uint16_t port = source_port_of(sent[0].p);
        near += port - before < 300 && before - port < 300;
        before = port;
    }
    CHECK(near < 20);
}

ROUTER_TEST(datagrams_without_checksum)
{
    struct made *m = udp(A, 41000, FAR, 53, 10);
    memset(m->p + m->header + UDP_CHECKSUM, 0, 2);
    CHECK_EQUAL(leaves(m), 41000);
    CHECK_EQUAL(wire_get16(transport_of(sent[0].p) + UDP_CHECKSUM), 0);
    /* A wrong one stays wrong. */
    m = udp(A, 41000, FAR, 53, 10);
    m->p[m->header + UDP_CHECKSUM] ^= 1;
    CHECK_EQUAL(from_inside(m), 1);
    CHECK(!is_right(&sent[0]));
}

/* RFC 4787, REQ-5 and REQ-6: only what comes from inside lengthens the time. */
ROUTER_TEST(time_of_udp)
{
    CHECK_EQUAL(leaves(udp(A, 41000, FAR, 53, 10)), 41000);
    os_sleep(SECONDS(200));
    CHECK(reaches(udp(FAR, 53, OUT, 41000, 10), A, 41000));
    os_sleep(SECONDS(99));
    CHECK(reaches(udp(FAR, 53, OUT, 41000, 10), A, 41000));
    CHECK_EQUAL(leaves(udp(A, 41000, FAR, 53, 10)), 41000);
    os_sleep(SECONDS(299));
    CHECK(reaches(udp(FAR, 53, OUT, 41000, 10), A, 41000));
    os_sleep(SECONDS(2));
    CHECK_EQUAL(from_outside(udp(FAR, 53, OUT, 41000, 10)), 0);
    CHECK_EQUAL(count_of("nat.flows"), 0);
    CHECK_EQUAL(count_of("nat.hosts"), 0);
}

/* RFC 5382, REQ-5. */
ROUTER_TEST(time_of_tcp)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    CHECK_EQUAL(leaves(tcp(B, 42000, FAR, 80, SYN, 1, 0, 0)), 42000);
    os_sleep(SECONDS(241));
    CHECK_EQUAL(from_outside(tcp(FAR, 80, OUT, 42000, SYN | ACK, 1, 2, 0)), 0);
    os_sleep(SECONDS(7440 - 242));
    CHECK(is_open(A, 41000, FAR, 80, port));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 101, 501, 0)), port);
    os_sleep(SECONDS(7439));
    CHECK(is_open(A, 41000, FAR, 80, port));
    os_sleep(SECONDS(2));
    CHECK_EQUAL(from_outside(tcp(FAR, 80, OUT, port, ACK, 501, 101, 0)), 0);
}

/* Both sides have closed: neither the last ACK nor what comes twice restores the long time. */
ROUTER_TEST(closing)
{
    for (int first = 0; first < 2; first++) {
        uint16_t port = open_tcp(A, 41000, FAR, 80);
        if (first == 0) {
            CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, FIN | ACK, 101, 501, 0)), port);
            CHECK(reaches(tcp(FAR, 80, OUT, port, FIN | ACK, 501, 102, 0), A, 41000));
        } else {
            CHECK(reaches(tcp(FAR, 80, OUT, port, FIN | ACK, 501, 101, 0), A, 41000));
            CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, FIN | ACK, 101, 502, 0)), port);
        }
        CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 102, 502, 0)), port);
        os_sleep(SECONDS(120));
        CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 102, 502, 0)), port);
        CHECK(reaches(tcp(FAR, 80, OUT, port, FIN | ACK, 501, 102, 0), A, 41000));
        os_sleep(SECONDS(121));
        CHECK_EQUAL(from_outside(tcp(FAR, 80, OUT, port, ACK, 502, 102, 0)), 0);
    }
    /* One side alone: the other may still send, for as long as it likes. */
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, FIN | ACK, 101, 501, 0)), port);
    os_sleep(SECONDS(7000));
    CHECK(is_open(A, 41000, FAR, 80, port));
    /* A FIN that the host inside never acknowledged is a stranger's. */
    CHECK(reaches(tcp(FAR, 80, OUT, port, FIN | ACK, 90000, 102, 0), A, 41000));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 102, 501, 0)), port);
    os_sleep(SECONDS(300));
    CHECK(is_open(A, 41000, FAR, 80, port));
}

/* A port that is used again by the host inside lives like a new one. */
ROUTER_TEST(used_again)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, RST, 101, 0, 0)), port);
    os_sleep(SECONDS(100));
    CHECK_EQUAL(open_tcp(A, 41000, FAR, 80), port);
    os_sleep(SECONDS(7000));
    CHECK(is_open(A, 41000, FAR, 80, port));
}

ROUTER_TEST(resets)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    /* Forged: it has not the number that the host inside would obey (RFC 5961). It is the host's to judge. */
    CHECK(reaches(tcp(FAR, 80, OUT, port, RST, 4000, 0, 0), A, 41000));
    os_sleep(SECONDS(7000));
    CHECK(is_open(A, 41000, FAR, 80, port));
    /* With the right number, but the host inside talks on. */
    CHECK(reaches(tcp(FAR, 80, OUT, port, RST, 501, 0, 0), A, 41000));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 101, 501, 10)), port);
    os_sleep(SECONDS(7000));
    CHECK(is_open(A, 41000, FAR, 80, port));
    /* Right, and the host inside is silent. */
    CHECK(reaches(tcp(FAR, 80, OUT, port, RST, 501, 0, 0), A, 41000));
    os_sleep(SECONDS(239));
    CHECK(is_open(A, 41000, FAR, 80, port));
    os_sleep(SECONDS(2));
    CHECK(!is_open(A, 41000, FAR, 80, port));
    /* The host inside's own ends it, and what comes afterwards restores nothing. */
    port = open_tcp(A, 41000, FAR, 80);
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, RST, 101, 0, 0)), port);
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 101, 501, 0)), port);
    os_sleep(SECONDS(241));
    CHECK(!is_open(A, 41000, FAR, 80, port));
}

/* RFC 5382, REQ-2. */
ROUTER_TEST(simultaneous_open)
{
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, SYN, 100, 0, 0)), 41000);
    CHECK(reaches(tcp(FAR, 80, OUT, 41000, SYN, 500, 0, 0), A, 41000));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, SYN | ACK, 100, 501, 0)), 41000);
    CHECK(reaches(tcp(FAR, 80, OUT, 41000, SYN | ACK, 500, 101, 0), A, 41000));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR, 80, ACK, 101, 501, 0)), 41000);
    os_sleep(SECONDS(7000));
    CHECK(is_open(A, 41000, FAR, 80, 41000));
}

/* A mapping is open to new connections, and to nothing else of strangers; what they say costs no flow. */
ROUTER_TEST(strangers)
{
    static const uint8_t flags[] = { ACK, RST, RST | ACK, FIN | ACK, SYN | ACK, FIN, 0 };
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        CHECK_EQUAL(from_outside(tcp(FAR + 1, 80, OUT, port, flags[i], 501, 101, 0)), 0);
    CHECK_EQUAL(from_outside(tcp(FAR, 80, OUT, 5, SYN, 1, 0, 0)), 0);
    CHECK(reaches(tcp(FAR + 1, 90, OUT, port, SYN, 1, 0, 0), A, 41000));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR + 1, 90, RST | ACK, 0, 2, 0)), port);
    CHECK_EQUAL(leaves(tcp(B, 41000, FAR + 1, 90, RST | ACK, 0, 2, 0)), 0);
    CHECK_EQUAL(count_of("nat.flows"), 1);
    /* The host inside takes it: it is open when the stranger has answered. */
    CHECK(reaches(tcp(FAR + 1, 91, OUT, port, SYN, 500, 0, 0), A, 41000));
    CHECK_EQUAL(leaves(tcp(A, 41000, FAR + 1, 91, SYN | ACK, 100, 501, 0)), port);
    os_sleep(SECONDS(241));
    CHECK(!is_open(A, 41000, FAR + 1, 91, port));
    CHECK(is_open(A, 41000, FAR, 80, port));
}

/* The fault: 17 000 flows of one host drove out another's connection. */
ROUTER_TEST(flood_of_another_host)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    CHECK_EQUAL(leaves(udp(A, 41002, FAR, 53, 1)), 41002);
    for (uint32_t i = 0; i < 17000; i++)
        from_inside(udp(B, (uint16_t)(1024 + i), FAR, 53, 1));
    CHECK(is_open(A, 41000, FAR, 80, port));
    CHECK(reaches(udp(FAR, 53, OUT, 41002, 1), A, 41002));
    CHECK_EQUAL(count_of("nat.flows"), 2 + 4096);
    /* The same as connections that are opened, and as queries. */
    for (uint32_t i = 0; i < 17000; i++)
        from_inside(tcp(B, (uint16_t)(1024 + i), FAR, 80, SYN, 1, 0, 0));
    for (uint32_t i = 0; i < 17000; i++)
        from_inside(icmp(B, FAR, ICMP4_ECHO, (uint16_t)i, 1));
    CHECK(is_open(A, 41000, FAR, 80, port));
    CHECK(reaches(udp(FAR, 53, OUT, 41002, 1), A, 41002));
    /* From one port to many, which is one mapping. */
    for (uint32_t i = 0; i < 17000; i++)
        from_inside(tcp(B, 1024, FAR + i, 80, SYN, 1, 0, 0));
    CHECK(is_open(A, 41000, FAR, 80, port));
    CHECK(open_tcp(A, 41004, FAR, 80) != 0);
    CHECK_EQUAL(count_of("nat.flows"), 3 + 4096);
}

/* It takes the addresses of its neighbours, until all of the table is in use. */
ROUTER_TEST(flood_of_many_addresses)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    for (uint16_t i = 0; i < 40; i++)
        CHECK_EQUAL(leaves(udp(A, (uint16_t)(5000 + i), FAR, 53, 1)), 5000 + i);
    for (uint32_t i = 0; i < 100 * 250; i++)
        from_inside(udp(B + i % 250, (uint16_t)(10000 + i), FAR, 53, 1));
    CHECK_EQUAL(count_of("nat.flows"), 16384);
    CHECK(is_open(A, 41000, FAR, 80, port));
    for (uint16_t i = 0; i < 40; i++)
        CHECK(reaches(udp(FAR, 53, OUT, (uint16_t)(5000 + i), 1), A, (uint16_t)(5000 + i)));
    /* A host that has few may have more. */
    CHECK(open_tcp(A, 41004, FAR, 80) != 0);
    CHECK_EQUAL(count_of("nat.flows"), 16384);
}

/* The table is full of open connections, of hosts that work together with somebody outside. */
ROUTER_TEST(flood_of_connections)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    for (uint32_t i = 0; i < 5 * 4096; i++) {
        uint32_t host = B + i % 5;
        uint16_t from = (uint16_t)(1024 + i / 5);
        if (from_inside(tcp(host, from, FAR, 81, SYN, 1, 0, 0)) != 1 || !sent[0].out)
            continue;
        uint16_t at = source_port_of(sent[0].p);
        from_outside(tcp(FAR, 81, OUT, at, SYN | ACK, 500, 2, 0));
        from_inside(tcp(host, from, FAR, 81, ACK, 2, 501, 0));
    }
    CHECK_EQUAL(count_of("nat.flows"), 16384);
    CHECK(is_open(A, 41000, FAR, 80, port));
    CHECK(open_tcp(A, 41004, FAR, 80) != 0);
    CHECK_EQUAL(leaves(udp(A, 41006, FAR, 53, 1)), 41006);
    CHECK(is_open(A, 41000, FAR, 80, port));
}

/*
 * Its own connection outlives a host's own flood; and a host that has all it may have is told so (RFC 5508,
 * REQ-8).
 */
ROUTER_TEST(quota)
{
    uint16_t port = open_tcp(A, 41000, FAR, 80);
    for (uint32_t i = 0; i < 17000; i++)
        from_inside(udp(A, (uint16_t)(1024 + i), FAR, 53, 1));
    CHECK(is_open(A, 41000, FAR, 80, port));
    CHECK_EQUAL(count_of("nat.flows"), 4096);
    for (uint16_t i = 1; i < 4096; i++)
        open_tcp(A, (uint16_t)(1024 + i), FAR, 80);
    CHECK_EQUAL(from_inside(udp(A, 9, FAR, 53, 1)), 1);
    CHECK(is_error_to(false, A, ICMP4_UNREACHABLE, 13));
    CHECK_EQUAL(count_of("nat.full"), 1);
    /* Expired ones go first. */
    os_sleep(SECONDS(7441));
    CHECK_EQUAL(leaves(udp(A, 9, FAR, 53, 1)), 9);
    CHECK_EQUAL(count_of("nat.flows"), 1);
}

/* RFC 4787, REQ-9: hosts inside meet by the address outside, from which each sees the other. */
ROUTER_TEST(hairpin)
{
    CHECK_EQUAL(leaves(udp(A, 5000, FAR, 53, 1)), 5000);
    CHECK_EQUAL(from_inside(udp(B, 6000, OUT, 5000, 10)), 1);
    CHECK(one(false, OUT, A) && source_port_of(sent[0].p) == 6000 && destination_port_of(sent[0].p) == 5000);
    CHECK_EQUAL(sent[0].hop, A);
    CHECK_EQUAL(sent[0].p[IPV4_TTL], 63);
    /* The answer, and an error about it. */
    CHECK_EQUAL(from_inside(udp(A, 5000, OUT, 6000, 10)), 1);
    CHECK(one(false, OUT, B) && source_port_of(sent[0].p) == 5000);
    uint8_t received[28];
    memcpy(received, sent[0].p, sizeof received);
    CHECK_EQUAL(from_inside(icmp_error(B, OUT, ICMP4_UNREACHABLE, 3, received, sizeof received)), 1);
    CHECK(one(false, OUT, A));
    const uint8_t *quoted = transport_of(sent[0].p) + ICMP_HEADER;
    CHECK(source_of(quoted) == A && source_port_of(quoted) == 5000);
    CHECK(destination_of(quoted) == OUT && destination_port_of(quoted) == 6000);
    /* To itself, too. */
    CHECK_EQUAL(from_inside(udp(A, 5000, OUT, 5000, 10)), 1);
    CHECK(one(false, OUT, A));
    /* A port that nobody has: no flow is made. */
    int64_t flows = count_of("nat.flows");
    CHECK_EQUAL(from_inside(udp(B, 7000, OUT, 7001, 10)), 0);
    CHECK_EQUAL(count_of("nat.flows"), flows);
}

ROUTER_TEST(hairpin_of_tcp)
{
    CHECK_EQUAL(leaves(tcp(A, 5000, FAR, 80, SYN, 1, 0, 0)), 5000);
    CHECK_EQUAL(from_inside(tcp(B, 6000, OUT, 5000, SYN, 100, 0, 0)), 1);
    CHECK(one(false, OUT, A) && source_port_of(sent[0].p) == 6000);
    CHECK_EQUAL(from_inside(tcp(A, 5000, OUT, 6000, SYN | ACK, 500, 101, 0)), 1);
    CHECK(one(false, OUT, B) && source_port_of(sent[0].p) == 5000);
    CHECK_EQUAL(from_inside(tcp(B, 6000, OUT, 5000, ACK, 101, 501, 0)), 1);
    CHECK_EQUAL(from_inside(tcp(A, 5000, OUT, 6000, ACK, 501, 101, 5)), 1);
    os_sleep(SECONDS(7000));
    CHECK_EQUAL(from_inside(tcp(A, 5000, OUT, 6000, ACK, 506, 101, 5)), 1);
    CHECK(one(false, OUT, B));
}

/* ICMP queries by their identifiers (RFC 5508, section 3). */
ROUTER_TEST(queries)
{
    CHECK_EQUAL(from_inside(icmp(A, FAR, ICMP4_ECHO, 7, 10)), 1);
    CHECK(one(true, OUT, FAR));
    CHECK_EQUAL(wire_get16(transport_of(sent[0].p) + ICMP_ID), 7);
    CHECK_EQUAL(from_inside(icmp(B, FAR, ICMP4_ECHO, 7, 10)), 1);
    uint16_t id = wire_get16(transport_of(sent[0].p) + ICMP_ID);
    CHECK(id != 7);
    CHECK_EQUAL(from_outside(icmp(FAR, OUT, ICMP4_ECHO_REPLY, id, 10)), 1);
    CHECK(one(false, FAR, B));
    CHECK_EQUAL(wire_get16(transport_of(sent[0].p) + ICMP_ID), 7);
    CHECK_EQUAL(from_outside(icmp(FAR, OUT, ICMP4_ECHO_REPLY, 8, 10)), 0);
    CHECK_EQUAL(from_inside(icmp(A, FAR, 13, 9, 12)), 1);
    CHECK_EQUAL(from_outside(icmp(FAR, OUT, 14, 9, 12)), 1);
    CHECK(one(false, FAR, A));
    /* A host inside has nothing to answer, and nobody outside may ask one. */
    CHECK_EQUAL(from_inside(icmp(A, FAR, ICMP4_ECHO_REPLY, 7, 10)), 0);
    CHECK_EQUAL(from_outside(icmp(FAR, OUT, 13, 9, 12)), 0);
    os_sleep(SECONDS(61));
    CHECK_EQUAL(from_outside(icmp(FAR, OUT, ICMP4_ECHO_REPLY, id, 10)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports),
        cmocka_unit_test(ports_are_random),
        cmocka_unit_test(datagrams_without_checksum),
        cmocka_unit_test(time_of_udp),
        cmocka_unit_test(time_of_tcp),
        cmocka_unit_test(closing),
        cmocka_unit_test(used_again),
        cmocka_unit_test(resets),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(strangers),
        cmocka_unit_test(flood_of_another_host),
        cmocka_unit_test(flood_of_many_addresses),
        cmocka_unit_test(flood_of_connections),
        cmocka_unit_test(quota),
        cmocka_unit_test(hairpin),
        cmocka_unit_test(hairpin_of_tcp),
        cmocka_unit_test(queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
