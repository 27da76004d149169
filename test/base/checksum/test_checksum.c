#include "test/support/test.h"

#include <stdlib.h>

#include <base/checksum/checksum.h>

/* The checksum by the code of RFC 1071, section 4.1, in network order. */
static uint16_t plain(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static uint16_t in_network_order(uint32_t sum)
{
    uint16_t word = checksum_fold(sum);
    uint8_t bytes[2];
    memcpy(bytes, &word, 2);
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* RFC 1071, section 3. */
static void sums_the_example(void **state)
{
    static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    (void)state;
    assert_int_equal(in_network_order(checksum_add(0, data, sizeof data)), 0xddf2);
    uint8_t field[2];
    checksum_store(field, checksum_add(0, data, sizeof data));
    assert_int_equal(field[0], 0x22);
    assert_int_equal(field[1], 0x0d);
    assert_true(checksum_is_valid(checksum_plus(checksum_add(0, data, sizeof data), checksum_load(field))));
}

static void sums_every_length_and_alignment(void **state)
{
    uint8_t data[300];
    (void)state;
    srandom(1);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)random();
    for (size_t at = 0; at < 9; at++)
        for (size_t len = 0; at + len <= sizeof data; len++)
            assert_int_equal(in_network_order(checksum_add(0, data + at, len)), plain(data + at, len));
}

static void carries_where_all_bits_are_set(void **state)
{
    uint8_t data[65535];
    (void)state;
    memset(data, 0xff, sizeof data);
    for (size_t len = sizeof data - 70; len <= sizeof data; len++)
        assert_int_equal(in_network_order(checksum_add(0, data, len)), plain(data, len));
    assert_int_equal(in_network_order(checksum_add(UINT32_MAX, data, 64)), 0xffff);
}

static void sums_chains_with_odd_pieces(void **state)
{
    uint8_t data[200];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t first = 0; first <= 70; first++) {
        struct buf *b = buf_copy(data, first);
        b = buf_append(b, buf_copy(data + first, 0));
        b = buf_append(b, buf_copy(data + first, 33));
        b = buf_append(b, buf_copy(data + first + 33, sizeof data - first - 33));
        for (size_t from = 0; from < 80; from += 3)
            for (size_t len = 0; from + len <= sizeof data; len += 7)
                assert_int_equal(in_network_order(checksum_add_buf(0, b, from, len)),
                                 plain(data + from, len));
        assert_int_equal(in_network_order(checksum_add_buf(0, b, 0, 1000)), plain(data, sizeof data));
        buf_free(b);
    }
}

static void knows_both_pseudo_headers(void **state)
{
    struct ip_addr a = IP_V4(192, 0, 2, 1), b = IP_V4(198, 51, 100, 7), c, d;
    const uint8_t v4[] = { 192, 0, 2, 1, 198, 51, 100, 7, 0, 6, 0x12, 0x34 };
    uint8_t v6[40] = { 0 };
    (void)state;
    assert_int_equal(in_network_order(checksum_pseudo(&a, &b, 6, 0x1234)), plain(v4, sizeof v4));
    assert_int_equal(ip_parse(&c, "2001:db8::1", 11), OK);
    assert_int_equal(ip_parse(&d, "fe80::abcd", 10), OK);
    memcpy(v6, c.bytes, 16);
    memcpy(v6 + 16, d.bytes, 16);
    v6[33] = 1, v6[34] = 2, v6[35] = 3, v6[39] = 58;
    assert_int_equal(in_network_order(checksum_pseudo(&c, &d, 58, 0x10203)), plain(v6, sizeof v6));
}

/* RFC 1624, section 4: HC 0xdd2f, m 0x5555, m' 0x3285; the result is 0x0000. */
static void updates_as_rfc_1624(void **state)
{
    uint8_t field[2] = { 0xdd, 0x2f };
    (void)state;
    checksum_update16(field, 0x5555, 0x3285);
    assert_int_equal(field[0] << 8 | field[1], 0x0000);
}

static void updates_as_summing_anew(void **state)
{
    uint8_t data[20], after[4], field[2], fresh[2];
    (void)state;
    srandom(2);
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)random();
        for (size_t i = 0; i < sizeof after; i++)
            after[i] = (uint8_t)random();
        checksum_store(field, checksum_add(0, data, sizeof data));
        checksum_update(field, data + 12, after, 4);
        memcpy(data + 12, after, 4);
        checksum_store(fresh, checksum_add(0, data, sizeof data));
        assert_memory_equal(field, fresh, 2);
    }
}

static void writes_no_zero_for_udp(void **state)
{
    uint8_t field[2];
    (void)state;
    checksum_store_udp(field, 0xffff);
    assert_int_equal(checksum_load(field), 0xffff);
    checksum_store(field, 0xffff);
    assert_int_equal(checksum_load(field), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_the_example),
        cmocka_unit_test(sums_every_length_and_alignment),
        cmocka_unit_test(carries_where_all_bits_are_set),
        cmocka_unit_test(sums_chains_with_odd_pieces),
        cmocka_unit_test(knows_both_pseudo_headers),
        cmocka_unit_test(updates_as_rfc_1624),
        cmocka_unit_test(updates_as_summing_anew),
        cmocka_unit_test(writes_no_zero_for_udp),
    };
    return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
