/*
 * Tests the router's table and its changes to packets. A checksum that was right before must be right
 * afterwards.
 */
#include "test/support/test.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <base/checksum/checksum.h>
#include <base/prng/prng.h>
#include <base/wire/wire.h>

#include "examples/router/router/nat.h"
#include "examples/router/router/translate.h"

/* The 16-bit word in the packet's byte order, since the tests only compare words. */
static uint16_t word_at(const uint8_t *p)
{
    uint16_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static uint32_t pick(void *ctx)
{
    return (uint32_t)prng_u64(ctx);
}

static void table(void **state)
{
    struct nat *nat = malloc(sizeof *nat);
    struct prng prng;
    os_time now = SECONDS(1);
    (void)state;
    prng_seed(&prng, 1);
    nat_init(nat, 42);
    assert_null(nat_from_inside(nat, 17, 1, htons(5000), now, NULL, NULL));
    struct mapping *a = nat_from_inside(nat, 17, 1, htons(5000), now, pick, &prng);
    nat_use(nat, a, now, SECONDS(10));
    assert_int_equal(a->outside, htons(5000));
    assert_ptr_equal(nat_from_inside(nat, 17, 1, htons(5000), now, pick, &prng), a);
    /*
     * A mapping for the same port of another host has the same parity. One for another protocol has the same
     * port.
     */
    struct mapping *b = nat_from_inside(nat, 17, 2, htons(5000), now, pick, &prng);
    nat_use(nat, b, now, SECONDS(20));
    assert_true(b->outside != a->outside && ntohs(b->outside) % 2 == 0 && ntohs(b->outside) >= 1024);
    struct mapping *c = nat_from_inside(nat, 6, 2, htons(5000), now, pick, &prng);
    nat_use(nat, c, now, SECONDS(20));
    assert_int_equal(c->outside, htons(5000));
    struct mapping *low = nat_from_inside(nat, 17, 3, htons(53), now, pick, &prng);
    nat_use(nat, low, now, SECONDS(20));
    assert_true(ntohs(low->outside) >= 1024 && ntohs(low->outside) % 2 == 1);
    assert_ptr_equal(nat_from_outside(nat, 17, b->outside, now), b);
    assert_null(nat_from_outside(nat, 6, b->outside, now));
    /* Time passes. */
    now += SECONDS(10);
    assert_null(nat_from_outside(nat, 17, htons(5000), now));
    assert_ptr_equal(nat_from_outside(nat, 17, b->outside, now), b);
    assert_int_equal(nat->count, 3);
    nat_use(nat, b, now, SECONDS(100));
    /* When the table is full, the least recently used mapping is removed, and the table does not grow. */
    for (uint32_t i = 0; i < 3 * NAT_MAPPINGS; i++) {
        struct mapping *m =
            nat_from_inside(nat, 6, 100 + i / 60000, htons((uint16_t)(1024 + i % 60000)), now, pick, &prng);
        if (m != NULL)
            nat_use(nat, m, now, SECONDS(100));
        if (i == NAT_MAPPINGS / 2)
            nat_use(nat, b, now, SECONDS(100));
        assert_true(nat->count <= NAT_MAPPINGS);
    }
    assert_int_equal(nat->count, NAT_MAPPINGS);
    assert_null(nat_from_inside(nat, 17, 3, htons(53), now, NULL, NULL));
    free(nat);
}

static void finish(uint8_t *p, size_t header, size_t len, uint8_t protocol, bool partial, bool no_sum)
{
    struct ip_addr source = IP_V4(p[12], p[13], p[14], p[15]),
                   destination = IP_V4(p[16], p[17], p[18], p[19]);
    size_t place = header + (protocol == 6 ? 16 : protocol == 17 ? 6 : 2);
    uint32_t pseudo =
        protocol == 1 ? 0 : checksum_pseudo(&source, &destination, protocol, (uint32_t)(len - header));
    p[10] = p[11] = p[place] = p[place + 1] = 0;
    checksum_store(p + 10, checksum_add(0, p, header));
    if (no_sum)
        return;
    if (partial)
        checksum_store_partial(p + place, pseudo);
    else if (protocol == 17)
        checksum_store_udp(p + place, checksum_add(pseudo, p + header, len - header));
    else
        checksum_store(p + place, checksum_add(pseudo, p + header, len - header));
}

/* A packet of random bytes with a valid header. */
static size_t make(struct prng *prng, uint8_t *p, uint8_t protocol, bool partial, bool no_sum)
{
    size_t header = 20 + 4 * prng_below(prng, 3), len = header + 20 + prng_below(prng, 100);
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)prng_u64(prng);
    p[0] = (uint8_t)(0x40 | header / 4);
    wire_put16(p + 2, (uint32_t)len);
    p[6] = 0x40, p[7] = 0;
    p[9] = protocol;
    if (protocol == 1)
        p[header] = ICMP_ECHO;
    finish(p, header, len, protocol, partial, no_sum);
    return len;
}

static void packets(void **state)
{
    static const uint8_t protocols[] = { 1, 6, 17 };
    struct prng prng;
    uint8_t p[256], before[256];
    struct view v, w;
    (void)state;
    prng_seed(&prng, 7);
    for (int i = 0; i < 20000; i++) {
        uint8_t protocol = protocols[i % 3];
        bool partial = protocol != 1 && i % 2 == 0, no_sum = protocol == 17 && !partial && i % 5 == 0,
             source = prng_u64(&prng) & 1;
        size_t len = make(&prng, p, protocol, partial, no_sum);
        uint32_t address = (uint32_t)prng_u64(&prng);
        uint16_t port = (uint16_t)prng_u64(&prng);
        assert_int_equal(view_read(&v, p, len, len), OK);
        view_set(&v, p, source, address, port, partial);
        view_age(p);
        memcpy(before, p, len);
        finish(p, v.header, len, protocol, partial, no_sum);
        /* One's complement has two zeros, which are the same number. */
        size_t place = v.header + (protocol == 6 ? 16u : protocol == 17 ? 6u : 2u);
        for (size_t at = 10;; at = place) {
            uint16_t got = word_at(before + at), want = word_at(p + at);
            assert_true(got == want || (got == 0 && want == 0xffff) || (got == 0xffff && want == 0));
            if (at == place)
                break;
        }
        assert_true(protocol != 17 || no_sum || partial || word_at(before + place) != 0);
        assert_int_equal(view_read(&w, before, len, len), OK);
        assert_int_equal(source ? w.source : w.destination, address);
        assert_int_equal(source ? w.source_port : w.destination_port, port);
        assert_int_equal(w.ttl, (uint8_t)(v.ttl - 1));
    }
}

static void quoted(void **state)
{
    struct prng prng;
    uint8_t p[512];
    struct view v, q;
    (void)state;
    prng_seed(&prng, 9);
    for (int i = 0; i < 3000; i++) {
        uint8_t inner[256], protocol = i % 2 ? 6 : 17;
        make(&prng, inner, protocol, false, false);
        size_t quote = (inner[0] & 15u) * 4 + (i % 4 ? 8 : 20);
        make(&prng, p, 1, false, false);
        size_t header = (p[0] & 15u) * 4, len = header + 8 + quote;
        p[header] = 3;
        memcpy(p + header + 8, inner, quote);
        wire_put16(p + 2, (uint32_t)len);
        finish(p, header, len, 1, false, false);
        assert_int_equal(view_read(&v, p, len, len), OK);
        assert_true(v.icmp_error);
        assert_int_equal(view_quoted(&v, &q, p, len), OK);
        view_set_quoted(&v, &q, p, len, true, 0x01020304, htons(99));
        view_set(&v, p, false, 0x01020304, 0, false);
        assert_true(checksum_is_valid(checksum_add(0, p, header)));
        assert_true(checksum_is_valid(checksum_add(0, p + header + 8, (p[header + 8] & 15u) * 4)));
        assert_int_equal(view_quoted(&v, &q, p, len), OK);
        assert_true(q.source == 0x01020304 && q.source_port == htons(99));
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = malloc(cut + 1);
            memcpy(exact, p, cut);
            if (view_read(&v, exact, cut, len) == OK && v.icmp_error)
                IGNORE(view_quoted(&v, &q, exact, cut));
            free(exact);
        }
    }
}

static void refused(void **state)
{
    struct prng prng;
    uint8_t p[256], bad[256];
    struct view v;
    (void)state;
    prng_seed(&prng, 3);
    size_t len = make(&prng, p, 6, false, false);
    static const struct {
        size_t at;
        uint8_t xor ;
        err e;
    } changes[] = {
        { 0, 0x20, ERR_FORMAT },
        { 0, 0x0f, ERR_FORMAT },
        { 10, 1, ERR_FORMAT },
        { 12, 1, ERR_FORMAT },
    };
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        memcpy(bad, p, len);
        bad[changes[i].at] ^= changes[i].xor ;
        assert_int_equal(view_read(&v, bad, len, len), changes[i].e);
    }
    assert_int_equal(view_read(&v, p, len, len - 1), ERR_FORMAT);
    memcpy(bad, p, len);
    bad[6] = 0x20;
    finish(bad, (bad[0] & 15u) * 4, len, 6, false, false);
    assert_int_equal(view_read(&v, bad, len, len), ERR_UNSUPPORTED);
    memcpy(bad, p, len);
    bad[9] = 47;
    finish(bad, (bad[0] & 15u) * 4, len, 1, false, false);
    assert_int_equal(view_read(&v, bad, len, len), ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(packets),
        cmocka_unit_test(quoted),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
