/*
 * Tests the tap device's filter in a flood of SYNs: when the device sets it, on a clock that the test moves,
 * and what it lets in, run by the kernel over datagrams of a socket pair.
 */
#include "test/support/test.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

#include <linux/filter.h>
#include <linux/if_tun.h>

static os_time clock_now = SECONDS(1), timer_due;
static struct sock_filter filter[32]; /* the filter that was attached last; without one, its length is 0 */
static unsigned short filter_len;
static unsigned attached, detached;
static bool refuse_filter, refuse_timer, drained;

static int test_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    const struct sock_fprog *program = va_arg(arguments, const struct sock_fprog *);
    va_end(arguments);
    (void)fd;
    CHECK(request == TUNATTACHFILTER || request == TUNDETACHFILTER);
    if (refuse_filter)
        return -1;
    filter_len = 0;
    detached += request == TUNDETACHFILTER;
    if (request == TUNATTACHFILTER) {
        attached++;
        filter_len = program->len;
        memcpy(filter, program->filter, program->len * sizeof *filter);
    }
    return 0;
}

static err test_timer_set(struct os_timer *timer, os_time when)
{
    (void)timer;
    if (refuse_timer)
        return ERR_NO_MEMORY;
    timer_due = when;
    return OK;
}

static void test_timer_stop(struct os_timer *timer)
{
    (void)timer;
    timer_due = 0;
}

static os_time test_loop_now(void)
{
    return clock_now;
}

/* The device with another kernel and another clock. */
#define ioctl test_ioctl
#define os_loop_now test_loop_now
#define os_timer_set test_timer_set
#define os_timer_stop test_timer_stop
#include "network_tap_unit.h"

/* Nobody listens here, because frames are counted before they arrive here. */
void network_tap_on_frame(void *ctx, struct buf *frame)
{
    (void)ctx;
    buf_free(frame);
}

enum { SYN = 2, ACK = 16 };

static struct buf *syn(enum frame_kind kind)
{
    struct buf *b = frame_make(kind, (uint8_t[6]){ 2 }, (uint8_t[6]){ 4 }, 0, 0);
    if (frame_is_tcp(kind))
        b->data[frame_transport(kind) + 13] = SYN;
    return b;
}

static struct network_tap *begin(void)
{
    static struct network_tap tap;
    tap = (struct network_tap){ .name = "tap0" };
    attached = detached = filter_len = 0;
    timer_due = 0;
    refuse_filter = refuse_timer = false;
    drained = true;
    shed_init(&tap);
    return &tap;
}

/* Let these frames arrive within `time`. Returns what share of the SYNs is let in afterwards. */
static int64_t after(struct network_tap *tap, os_time time, size_t syns, size_t others)
{
    struct buf *a = syn(FRAME_TCP4), *b = frame_make(FRAME_TCP4, (uint8_t[6]){ 2 }, (uint8_t[6]){ 4 }, 0, 0);
    for (size_t i = 0; i < syns + others; i++) {
        shed_count(tap, i < syns ? a : b);
        if (drained && i % 64 == 0)
            shed_look(tap, true);
    }
    buf_free(a);
    buf_free(b);
    clock_now += time;
    shed_look(tap, drained);
    return tap->syn_share.value;
}

static void is_shed_in_floods_alone(void **state)
{
    struct network_tap *tap = begin();
    (void)state;
    /* A hundred thousand wanted connections a second, some unwanted ones, and none. */
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 10000, 20000), 1);
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 1000, 0), 1);
    /* Many clients that connect at once and then send requests. */
    CHECK_EQUAL(after(tap, MILLISECONDS(30), 4000, 0), 1);
    CHECK_EQUAL(after(tap, MILLISECONDS(70), 0, 8000), 1);
    CHECK_EQUAL(after(tap, SECONDS(1), 19999, 0), 1);
    CHECK_EQUAL(after(tap, SECONDS(10), 0, 0), 1);
    CHECK_EQUAL(attached + detached, 0);
    CHECK_EQUAL(timer_due, 0);
    /* There are too few frames to judge by. */
    CHECK_EQUAL(after(tap, MILLISECONDS(99), 100000, 0), 1);
    CHECK_EQUAL(after(tap, MILLISECONDS(1), 0, 0), 100);
    CHECK_EQUAL(attached, 1);
    assert_int_equal(failed_checks, 0);
}

static void the_share_follows_the_flood(void **state)
{
    struct network_tap *tap = begin();
    (void)state;
    /* The queue overflowed, so the device saw only a part of the frames at first. */
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 12000, 500), 12);
    CHECK_EQUAL(timer_due, clock_now + MILLISECONDS(20));
    CHECK_EQUAL(after(tap, MILLISECONDS(20), 1000, 1000), 60);
    CHECK_EQUAL(attached, 2);
    /*
     * A small change is no reason for a new filter, and a busy connection is no reason to let in more SYNs.
     */
    CHECK_EQUAL(after(tap, MILLISECONDS(20), 230, 1000), 60);
    CHECK_EQUAL(after(tap, MILLISECONDS(20), 170, 1000), 60);
    CHECK_EQUAL(attached, 2);
    CHECK_EQUAL(timer_due, clock_now + MILLISECONDS(20));
    /* A program that was stopped for a while has lost time only. */
    CHECK_EQUAL(after(tap, MILLISECONDS(500), 5000, 100), 60);
    CHECK_EQUAL(after(tap, MILLISECONDS(20), 20000, 0), 6000);
    CHECK_EQUAL(after(tap, MILLISECONDS(20), 1000000, 0), SHED_MOST);
    assert_int_equal(failed_checks, 0);
}

static void who_is_late_lets_in_less(void **state)
{
    struct network_tap *tap = begin();
    (void)state;
    /* All connections are wanted, but there are too many: the queue is never empty. */
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 64000, 0), 64);
    drained = false;
    for (int i = 0; i < 4; i++)
        after(tap, MILLISECONDS(20), 200, 0);
    CHECK(tap->syn_share.value > 64);
    int64_t share = tap->syn_share.value;
    for (int i = 0; i < 100; i++)
        after(tap, MILLISECONDS(20), 12800 / (size_t)tap->syn_share.value, 0);
    CHECK(tap->syn_share.value > share);
    CHECK_EQUAL(tap->shed.rate, 10000 / RATE_LEAST + 1);
    /* Another flood begins anew. */
    for (int i = 0; i < 20; i++)
        after(tap, MILLISECONDS(20), 0, 0);
    CHECK_EQUAL(tap->syn_share.value, 1);
    CHECK_EQUAL(tap->shed.rate, 10000);
    assert_int_equal(failed_checks, 0);
}

static void who_has_time_again_lets_in_more(void **state)
{
    struct network_tap *tap = begin();
    (void)state;
    drained = false;
    for (int i = 0; i < 100; i++)
        after(tap, MILLISECONDS(20), 12800 / (size_t)tap->syn_share.value, 0);
    CHECK_EQUAL(tap->shed.rate, 10000 / RATE_LEAST + 1);
    /* The device has time again. It takes as many as before, but not at once. */
    drained = true;
    int64_t share = tap->syn_share.value;
    for (int i = 0; i < 50; i++)
        after(tap, MILLISECONDS(20), 12800 / (size_t)tap->syn_share.value, 0);
    CHECK(tap->syn_share.value < share && tap->syn_share.value > 200);
    for (int i = 0; i < 700; i++)
        after(tap, MILLISECONDS(20), 12800 / (size_t)tap->syn_share.value, 0);
    CHECK(tap->syn_share.value >= 50 && tap->syn_share.value <= 80);
    CHECK_EQUAL(tap->shed.rate, 10000);
    assert_int_equal(failed_checks, 0);
}

static void a_flood_that_ends_is_forgotten(void **state)
{
    struct network_tap *tap = begin();
    (void)state;
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 64000, 0), 64);
    unsigned looks = 0;
    for (; timer_due != 0 && looks < 100; looks++) {
        CHECK_EQUAL(timer_due, clock_now + MILLISECONDS(20));
        clock_now = timer_due;
        timer_due = 0;
        tap->shed.timer.fire(tap->shed.timer.arg);
    }
    CHECK_EQUAL(looks, 6);
    CHECK_EQUAL(tap->syn_share.value, 1);
    CHECK_EQUAL(detached, 1);
    shed_end(tap);
    CHECK_EQUAL(detached, 1);
    /* The program ends during a flood. */
    tap = begin();
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 64000, 0), 64);
    shed_end(tap);
    CHECK_EQUAL(detached, 1);
    CHECK_EQUAL(timer_due, 0);
    assert_int_equal(failed_checks, 0);
}

static void what_is_lacking_lets_all_in(void **state)
{
    struct network_tap *tap = begin();
    (void)state;
    refuse_filter = true;
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 64000, 0), 1);
    CHECK_EQUAL(timer_due, 0);
    refuse_filter = false;
    refuse_timer = true;
    CHECK_EQUAL(after(tap, MILLISECONDS(100), 64000, 0), 1);
    CHECK_EQUAL(attached, 1);
    CHECK_EQUAL(detached, 1);
    assert_int_equal(failed_checks, 0);
}

static int ends[2];

/* How many of `n` of these frames pass the filter that was set last. */
static size_t let_in(const void *frame, size_t len, size_t n)
{
    uint8_t p[2000];
    size_t got = 0;
    for (size_t i = 0; i < n; i++) {
        /* Sending succeeds also for a datagram that the filter drops. */
        CHECK_EQUAL(send(ends[0], frame, len, 0), (ssize_t)len);
        got += recv(ends[1], p, sizeof p, 0) == (ssize_t)len;
    }
    return got;
}

static void use_filter(uint32_t share)
{
    struct network_tap *tap = begin();
    CHECK(set_filter(tap, share));
    struct sock_fprog program = { filter_len, filter };
    CHECK_EQUAL(setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
}

static void the_filter_drops_a_share_of_syns(void **state)
{
    (void)state;
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    for (enum frame_kind kind = FRAME_TCP4; kind <= FRAME_UDP6; kind++) {
        struct buf *b = syn(kind);
        uint8_t p[200] = { 0 };
        uint8_t *flags = p + frame_transport(kind) + 13;
        size_t len = b->len;
        memcpy(p, b->data, len);
        buf_free(b);
        struct buf *frame = buf_static(p, len);
        CHECK_EQUAL(is_syn(frame), frame_is_tcp(kind));
        use_filter(SHED_MOST);
        /* None of them passes, except with a probability of 1 in 65536; or about half of them pass. */
        CHECK(frame_is_tcp(kind) ? let_in(p, len, 200) < 3 : let_in(p, len, 200) == 200);
        use_filter(2);
        size_t half = let_in(p, len, 4096);
        CHECK(frame_is_tcp(kind) ? half > 1700 && half < 2400 : half == 4096);
        use_filter(SHED_MOST);
        if (frame_is_tcp(kind)) {
            /* Other flags do not matter, and everything that is no SYN passes. */
            for (unsigned n = 0; n < 256; n++) {
                *flags = (uint8_t)n;
                CHECK_EQUAL(is_syn(frame), (n & (SYN | ACK)) == SYN);
                CHECK((n & (SYN | ACK)) == SYN ? let_in(p, len, 10) < 3 : let_in(p, len, 10) == 10);
            }
            *flags = SYN;
        }
        if (kind == FRAME_TCP4) {
            /*
             * IP options before the header; fragments, which have no TCP header or seem to have one; frames
             * that are cut off.
             */
            memmove(p + 14 + 24, p + 14 + 20, len - 34);
            p[14] = 0x46;
            CHECK(is_syn(frame) && let_in(p, len, 50) < 3);
            p[21] = 1;
            CHECK(!is_syn(frame) && let_in(p, len, 50) == 50);
            p[20] = 0x1f, p[21] = 0;
            CHECK(!is_syn(frame) && let_in(p, len, 50) == 50);
            p[20] = 0x40;
            CHECK(is_syn(frame) && let_in(p, len, 50) < 3);
        }
        p[13] ^= 1;
        CHECK(!is_syn(frame) && let_in(p, len, 50) == 50);
        p[13] ^= 1;
        for (frame->len = 0; frame->len < len; frame->len++)
            is_syn(frame);
        buf_free(frame);
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(failed_checks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_shed_in_floods_alone),          cmocka_unit_test(the_share_follows_the_flood),
        cmocka_unit_test(who_is_late_lets_in_less),         cmocka_unit_test(who_has_time_again_lets_in_more),
        cmocka_unit_test(a_flood_that_ends_is_forgotten),   cmocka_unit_test(what_is_lacking_lets_all_in),
        cmocka_unit_test(the_filter_drops_a_share_of_syns),
    };
    log_configure("quiet") == OK ? (void)0 : abort();
    return cmocka_run_group_tests_name("tap_shed", tests, NULL, NULL);
}
