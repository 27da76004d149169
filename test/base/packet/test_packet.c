#include "test/support/test.h"

#include "test/devices/network/frames.h"

#include <base/packet/packet.h>
#include <base/prng/prng.h>

static const uint8_t to[6] = { 2, 0, 0, 0, 0, 1 }, from[6] = { 2, 0, 0, 0, 0, 2 };

static void nothing_left(void)
{
    struct buf_stats stats;
    buf_get_stats(&stats);
    assert_int_equal(stats.views, 0);
    assert_int_equal(stats.pages, 0);
}

/* Cut the frame into segments, check each, and count them. */
static size_t cut(struct buf *frame, uint32_t offloads, enum frame_kind kind, size_t *bytes)
{
    struct packet_finish finish;
    size_t count = 0;
    *bytes = 0;
    packet_finish_begin(&finish, frame, offloads);
    while ((frame = packet_finish_next(&finish)) != NULL) {
        assert_true(packet_fits(frame, offloads));
        assert_null(frame_wrong(frame, kind, *bytes));
        *bytes += buf_len(frame) - frame_head(kind);
        buf_free(frame);
        count++;
    }
    return count;
}

static void segments_every_kind(void **state)
{
    size_t bytes;
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        for (unsigned payload = 0; payload < 5000; payload += 499)
            for (uint32_t offloads = 0; offloads <= NETWORK_CSUM_OUT; offloads += NETWORK_CSUM_OUT) {
                size_t n = cut(frame_make((enum frame_kind)kind, to, from, payload, 1001), offloads,
                               (enum frame_kind)kind, &bytes);
                assert_int_equal(n, payload == 0 ? 1 : (payload + 1000) / 1001);
                assert_int_equal(bytes, payload);
            }
    nothing_left();
}

static void says_once_what_is_for_one_segment(void **state)
{
    struct packet_finish finish;
    struct buf *b;
    unsigned flags[3], ids[3], n = 0;
    (void)state;
    packet_finish_begin(&finish, frame_make(FRAME_TCP4, to, from, 3000, 1000), 0);
    while ((b = packet_finish_next(&finish)) != NULL) {
        assert_true(n < 3);
        ids[n] = get16(b->data + 18);
        flags[n++] = b->data[47];
        buf_free(b);
    }
    assert_int_equal(n, 3);
    /* The original has CWR, ACK, PSH and FIN. */
    assert_int_equal(flags[0], 0x90);
    assert_int_equal(flags[1], 0x10);
    assert_int_equal(flags[2], 0x19);
    assert_int_equal(ids[0], 0xfffe);
    assert_int_equal(ids[1], 0xffff);
    assert_int_equal(ids[2], 0);
}

static void segments_however_the_frame_is_cut(void **state)
{
    size_t bytes;
    (void)state;
    for (size_t first = 1; first < 150; first++) {
        struct buf *whole = buf_pull_up(frame_make(FRAME_TCP6, to, from, 2500, 1001), 2586);
        struct buf *b = buf_slice(whole, 0, first), *rest = buf_slice(whole, first, 2586 - first);
        b->csum = whole->csum;
        b->gso = whole->gso;
        b->gso_size = whole->gso_size;
        b->csum_start = whole->csum_start;
        b->csum_offset = whole->csum_offset;
        assert_int_equal(cut(buf_append(b, rest), 0, FRAME_TCP6, &bytes), 3);
        assert_int_equal(bytes, 2500);
        /* The original is unchanged. */
        assert_null(frame_wrong(whole, FRAME_TCP6, 0));
        buf_free(whole);
    }
    nothing_left();
}

static void completes_only_its_own(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct buf *a = frame_make((enum frame_kind)kind, to, from, 77, 0), *b = buf_share(a);
        a = packet_complete(a);
        assert_int_equal(a->csum, BUF_CSUM_UNKNOWN);
        assert_null(frame_wrong(a, (enum frame_kind)kind, 0));
        assert_int_equal(b->csum, BUF_CSUM_PARTIAL);
        assert_null(frame_wrong(b, (enum frame_kind)kind, 0));
        buf_free(a);
        buf_free(b);
    }
    nothing_left();
}

static void refuses_what_makes_no_sense(void **state)
{
    (void)state;
    struct packet_segments s;
    for (int what = 0; what < 9; what++) {
        struct buf *b = buf_pull_up(frame_make(FRAME_TCP4, to, from, 3000, 1000), 3066);
        switch (what) {
        case 0: b->csum = BUF_CSUM_UNKNOWN; break;
        case 1: b->gso_size = 0; break;
        case 2: b->gso = BUF_GSO_TCP6; break;
        case 3: b->csum_start = 33; break;
        case 4: b->csum_start = 3060; break;
        case 5: b->csum_start = 65530; break;
        case 6: b->data[46] = 0x40; break;
        case 7: b->data[14] = 0x65; break;
        case 8: b->gso = BUF_GSO_UDP; break;
        }
        assert_int_equal(packet_segments_begin(&s, b, false), ERR_FORMAT);
        packet_segments_end(&s);
    }
    struct buf *b = frame_make(FRAME_UDP4, to, from, 10, 0);
    b->csum_offset = 60;
    assert_null(packet_complete(b));
    nothing_left();
}

/* Random headers never make the code read outside the frame or leave a buffer. */
static void survives_random_frames(void **state)
{
    struct prng prng;
    (void)state;
    prng_seed(&prng, 1);
    for (int round = 0; round < 20000; round++) {
        struct packet_finish finish;
        struct buf *b = frame_make((enum frame_kind)prng_below(&prng, 4), to, from, prng_below(&prng, 2000),
                                   1 + prng_below(&prng, 1000));
        for (uint32_t flips = prng_below(&prng, 6); flips > 0; flips--)
            b->data[prng_below(&prng, b->len)] = (uint8_t)prng_u64(&prng);
        if (prng_below(&prng, 4) == 0)
            b->csum_start = (uint16_t)prng_u64(&prng);
        if (prng_below(&prng, 4) == 0)
            b->gso = (enum buf_gso)prng_below(&prng, 4);
        packet_finish_begin(&finish, b, prng_below(&prng, 16));
        while ((b = packet_finish_next(&finish)) != NULL)
            buf_free(b);
    }
    nothing_left();
}

static void gives_up_without_memory(void **state)
{
    (void)state;
    if (!DEBUG_BUILD)
        skip();
    for (size_t n = 1; n < 40; n++) {
        struct packet_finish finish;
        struct buf *b = frame_make(FRAME_TCP6, to, from, 5000, 1000);
        os_fail_allocation_after(n);
        packet_finish_begin(&finish, b, 0);
        while ((b = packet_finish_next(&finish)) != NULL)
            buf_free(b);
        os_fail_allocation_after(0);
    }
    nothing_left();
}

static void knows_what_is_too_long(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        unsigned head = (unsigned)frame_head((enum frame_kind)kind) - 14;
        struct buf *b = frame_make((enum frame_kind)kind, to, from, 1500 - head, 0);
        assert_false(packet_exceeds(b, 1500));
        assert_true(packet_exceeds(b, 1499));
        buf_free(b);
        b = frame_make((enum frame_kind)kind, to, from, 30000, 1500 - head);
        assert_false(packet_exceeds(b, 1500));
        assert_true(packet_exceeds(b, 1499));
        buf_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_every_kind),
        cmocka_unit_test(says_once_what_is_for_one_segment),
        cmocka_unit_test(segments_however_the_frame_is_cut),
        cmocka_unit_test(completes_only_its_own),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(survives_random_frames),
        cmocka_unit_test(gives_up_without_memory),
        cmocka_unit_test(knows_what_is_too_long),
    };
    return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
