/*
 * Packets of all lengths, with all kinds of options, are cut for links of all sizes, and put together again.
 */
#include "test/base/reassembly/pattern.h"

#include <base/fragment/fragment.h>
#include <base/prng/prng.h>
#include <base/reassembly/reassembly.h>

static void nothing_left(void)
{
    struct buf_stats stats;
    buf_get_stats(&stats);
    assert_int_equal(stats.views, 0);
    assert_int_equal(stats.heap_bytes, 0);
}

/* Write options of `len` bytes behind a header. Each other one is to be in all fragments. */
static void put_options(uint8_t *p, size_t len)
{
    size_t at = 0;

    memset(p, IPV4_OPTION_NOP, len);
    for (size_t i = 0; at + 5 <= len; i++, at += 5) {
        p[at] = i % 2 ? 0x82 : 0x44;
        p[at + 1] = 4;
        p[at + 2] = p[at + 3] = (uint8_t)i;
    }
}

/* A packet in two views, with its header in the first. */
static struct buf *make_packet(size_t options, size_t payload, uint16_t flags)
{
    size_t header = IPV4_HEADER + options;
    struct ipv4_header h = { .source = 0x0a000001,
                             .destination = 0x0a000002,
                             .id = 77,
                             .length = (uint16_t)(header + payload),
                             .fragment = flags,
                             .protocol = 253,
                             .ttl = 9 };
    struct buf *b = buf_alloc(header);

    assert_non_null(b);
    ipv4_emit(b->data, &h);
    put_options(b->data + IPV4_HEADER, options);
    b->data[0] = (uint8_t)(0x40 | header / 4);
    ipv4_set_checksum(b->data, header);
    return buf_append(b, make_piece(0, payload));
}

/* Which options are behind the header, as a sum of what they hold; nothing else is. */
static unsigned options_of(const uint8_t *p, size_t header_len, uint8_t only)
{
    unsigned sum = 0;
    uint32_t at;

    assert_int_equal(ipv4_check_options(p, header_len, &at), IPV4_OPTIONS_FINE);
    for (at = IPV4_HEADER; at < header_len && p[at] != IPV4_OPTION_END;) {
        if (p[at] == IPV4_OPTION_NOP) {
            at++;
            continue;
        }
        if (only != 0)
            assert_int_equal(p[at], only);
        sum += 1 + p[at + 2];
        at += p[at + 1];
    }
    return sum;
}

/* What the options hold that are copied, of which every other one is. */
static unsigned copied_sum(size_t options)
{
    unsigned sum = 0;

    for (size_t i = 1; (i + 1) * 5 <= options; i += 2)
        sum += 1 + (unsigned)i;
    return sum;
}

static size_t check_fragment(const struct buf *b, size_t mtu, size_t options, uint16_t flags,
                             struct ipv4_header *h)
{
    size_t len = buf_len(b);

    assert_int_equal(ipv4_parse(h, b->data, b->len, len), OK);
    assert_int_equal(h->length, len);
    assert_true(len <= mtu);
    assert_int_equal(h->id, 77);
    assert_int_equal(h->ttl, 9);
    assert_int_equal(h->fragment & IPV4_DONT_FRAGMENT, flags);
    if ((h->fragment & IPV4_OFFSET_MASK) == 0) {
        assert_int_equal(h->header_len, IPV4_HEADER + options);
        options_of(b->data, h->header_len, 0);
    } else {
        assert_int_equal(options_of(b->data, h->header_len, 0x82), copied_sum(options));
    }
    return len;
}

static void cut_and_join(size_t options, size_t payload, size_t mtu, uint16_t flags)
{
    struct reassembly r = { .lifetime = SECONDS(30) };
    struct fragments f;
    struct buf *b, *header = NULL, *whole = NULL;
    enum reassembly_result result = REASSEMBLY_HELD;
    err e;

    assert_int_equal(fragments_begin(&f, make_packet(options, payload, flags), mtu), OK);
    while ((e = fragments_next(&f, &b)) == OK) {
        struct ipv4_header h;
        assert_int_equal(result, REASSEMBLY_HELD);
        size_t len = check_fragment(b, mtu, options, flags, &h);
        /* All but the last are as long as they can be. */
        if ((h.fragment & IPV4_MORE_FRAGMENTS) != 0)
            assert_true(len + 8 > mtu);
        result = reassembly_add_ipv4(&r, &h, b, 0, &header, &whole);
    }
    assert_int_equal(e, ERR_END);
    assert_int_equal(result, REASSEMBLY_DONE);
    fragments_end(&f);
    fragments_end(&f);
    buf_free(header);
    check_whole(whole, payload);
    reassembly_end(&r);
}

static void all_sizes(void **state)
{
    struct prng prng;

    (void)state;
    prng_seed(&prng, 1);
    for (int i = 0; i < 3000; i++) {
        size_t options = prng_below(&prng, 11) * 4;
        size_t mtu = IPV4_MTU_MIN + prng_below(&prng, 200);
        /* No more pieces than are put together. */
        size_t payload = 9 + prng_below(&prng, (mtu - IPV4_HEADER_MAX) / 8 * 8 * 100);
        cut_and_join(options, payload, mtu, i % 2 ? IPV4_DONT_FRAGMENT : 0);
    }
    cut_and_join(0, 65515, 576, 0);
    cut_and_join(40, 65475, 1500, 0);
    nothing_left();
}

/* A checksum that was left to the device is stored before it is cut. */
static void checksums(void **state)
{
    struct buf *b = make_packet(0, 100, 0), *first;
    struct fragments f;

    (void)state;
    b->csum = BUF_CSUM_PARTIAL;
    b->csum_start = IPV4_HEADER;
    b->csum_offset = 6;
    wire_put16(b->next->data + 6, 0);
    assert_int_equal(fragments_begin(&f, b, 68), OK);
    assert_int_equal(fragments_next(&f, &first), OK);
    assert_int_equal(first->csum, BUF_CSUM_UNKNOWN);
    assert_true(checksum_is_valid(checksum_add_buf(0, f.packet, IPV4_HEADER, 100)));
    buf_free(first);
    fragments_end(&f);
    nothing_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes),
        cmocka_unit_test(checksums),
    };
    return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
