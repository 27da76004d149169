/*
 * Tests the tap device on a socket pair in place of an interface. The socket is full when the test wants it,
 * and delivers frames that no kernel delivers.
 */
#include "test/support/test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

#include <base/prng/prng.h>

#include "devices/network/network_tap/tap.h"

enum { QUEUE = 256 }; /* the default of the key `queue` */

err network_tap_connect(struct network_tap **out);

static const uint8_t to[6] = { 2, 0, 0, 0, 0, 1 }, from[6] = { 2, 0, 0, 0, 0, 2 };
static int other; /* the other end */
static size_t came, came_bytes, came_gso, came_partial;

err tap_open(struct network_tap *tap, const char *interface_name, bool offers)
{
    int ends[2];
    (void)offers;
    strcpy(tap->name, interface_name);
    tap->info.mtu = 1500;
    tap->info.offloads = 0x3f;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return ERR_IO;
    other = ends[1];
    return linux_fd_open(&tap->fd, ends[0], LINUX_FD_PACKET);
}

void network_tap_on_frame(void *ctx, struct buf *frame)
{
    CHECK(ctx == &came);
    came++;
    came_bytes += buf_len(frame);
    came_gso += frame->gso != BUF_GSO_NONE;
    came_partial += frame->csum == BUF_CSUM_PARTIAL;
    CHECK(frame->csum != BUF_CSUM_PARTIAL ||
          (size_t)frame->csum_start + frame->csum_offset + 2 <= buf_len(frame));
    buf_free(frame);
}

static void nothing_left(void)
{
    struct buf_stats stats;
    buf_get_stats(&stats);
    CHECK_EQUAL(stats.views, 0);
    CHECK_EQUAL(stats.pages, 0);
}

static struct buf *numbered(unsigned number)
{
    struct buf *b = frame_make(FRAME_UDP4, to, from, 1000, 0);
    put16(b->next->data, number);
    return b;
}

static size_t refused;

/* Read what has arrived and check that it is numbered in order. Returns how many frames there were. */
static size_t drain(unsigned *next)
{
    uint8_t p[2000];
    size_t n = 0;
    ssize_t got;
    for (; (got = recv(other, p, sizeof p, 0)) > 0; n++) {
        CHECK_EQUAL(got, 10 + 42 + 1000);
        CHECK_EQUAL(get16(p + 10 + 42), *next);
        ++*next;
    }
    CHECK(errno == EAGAIN);
    return n;
}

FIBER_TEST(frames_wait_while_the_kernel_is_full)
{
    struct network_tap *tap;
    unsigned sent = 0, seen = 0;
    TRY(network_tap_connect(&tap));
    while (tap->count == 0)
        CHECK_EQUAL(network_tap_write(tap, numbered(sent++)), OK);
    while (network_tap_write(tap, numbered(sent)) == OK)
        sent++;
    refused = (size_t)tap->dropped_out.value;
    CHECK_EQUAL(refused, 1);
    CHECK_EQUAL(tap->count, QUEUE);
    /* Writing goes on as soon as the other end has room. */
    while (seen < sent) {
        CHECK(drain(&seen) > 0 || tap->count > 0);
        os_sleep(MILLISECONDS(1));
    }
    CHECK_EQUAL(tap->count, 0);
    CHECK_EQUAL(network_tap_write(tap, numbered(sent++)), OK);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(drain(&seen), 1);
    while (tap->count == 0)
        CHECK_EQUAL(network_tap_write(tap, numbered(0)), OK);
    network_tap_disconnect(tap);
    close(other);
    nothing_left();
    return OK;
}

static void put(const void *header, size_t header_len, size_t len)
{
    uint8_t data[70000] = { 0 };
    memcpy(data, header, header_len);
    while (send(other, data, header_len + len, 0) < 0)
        IGNORE(os_yield());
}

FIBER_TEST(headers_that_make_no_sense_are_dropped)
{
    static const struct tap_header bad[] = {
        { .flags = 1, .csum_start = 50, .csum_offset = 49 },
        { .flags = 1, .csum_start = 65535, .csum_offset = 65535 },
        { .flags = 0, .gso_type = 1, .gso_size = 1448 },
        { .flags = 2, .gso_type = 1, .gso_size = 1448 },
        { .flags = 1, .gso_type = 1, .gso_size = 0, .csum_start = 34, .csum_offset = 16 },
        { .flags = 1, .gso_type = 3, .gso_size = 1448, .csum_start = 34, .csum_offset = 16 },
        { .flags = 1, .gso_type = 5, .gso_size = 1448, .csum_start = 34, .csum_offset = 6 },
        { .flags = 1, .gso_type = 0x7f, .gso_size = 1448, .csum_start = 34, .csum_offset = 6 },
    };
    static const struct tap_header good[] = {
        { 0 },
        { .flags = 2 },
        { .flags = 1, .csum_start = 50, .csum_offset = 48 },
        { .flags = 1, .gso_type = 0x81, .gso_size = 1448, .csum_start = 34, .csum_offset = 16 },
        { .flags = 1, .gso_type = 4, .gso_size = 1, .csum_start = 54, .csum_offset = 16 },
    };
    struct network_tap *tap;
    TRY(network_tap_connect(&tap));
    network_tap_listen(tap, &came);
    came = came_gso = came_partial = came_bytes = 0;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        put(&bad[i], sizeof bad[i], 100);
    put(bad, 5, 0);
    put(good, sizeof *good, 13);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(tap->dropped_in.value, ARRAY_SIZE(bad) + 2);
    CHECK_EQUAL(came, 0);
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        put(&good[i], sizeof good[i], 100);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(came, ARRAY_SIZE(good));
    CHECK_EQUAL(came_gso, 2);
    CHECK_EQUAL(came_partial, 3);
    network_tap_disconnect(tap);
    close(other);
    nothing_left();
    return OK;
}

FIBER_TEST(every_length_comes_whole)
{
    struct network_tap *tap;
    size_t bytes = 0, frames = 0;
    TRY(network_tap_connect(&tap));
    network_tap_listen(tap, &came);
    came = came_gso = came_partial = came_bytes = 0;
    /* Lengths near the ends of the pages that frames are read into, and the greatest length. */
    for (size_t len = 14; len <= NETWORK_GSO_MAX; len += len % 4096 > 3960 || len % 4096 < 140 ? 1 : 61) {
        put(&(struct tap_header){ 0 }, sizeof(struct tap_header), len);
        bytes += len;
        frames++;
        os_sleep(MICROSECONDS(1));
    }
    put(&(struct tap_header){ 0 }, sizeof(struct tap_header), NETWORK_GSO_MAX);
    os_sleep(MILLISECONDS(2));
    CHECK_EQUAL(came, frames + 1);
    CHECK_EQUAL(came_bytes, bytes + NETWORK_GSO_MAX);
    network_tap_disconnect(tap);
    close(other);
    nothing_left();
    return OK;
}

FIBER_TEST(nothing_is_lost_without_memory)
{
    struct network_tap *tap;
    if (!DEBUG_BUILD)
        return OK;
    TRY(network_tap_connect(&tap));
    network_tap_listen(tap, &came);
    came = came_bytes = 0;
    for (size_t n = 1; n < 30; n++) {
        os_fail_allocation_after(n);
        put(&(struct tap_header){ 0 }, sizeof(struct tap_header), 60000);
        for (int i = 0; i < 5; i++)
            IGNORE(os_yield());
        os_sleep(MILLISECONDS(1));
        os_fail_allocation_after(0);
    }
    CHECK_EQUAL(came, 29);
    CHECK_EQUAL(came_bytes, 29 * 60000);
    network_tap_disconnect(tap);
    close(other);
    nothing_left();
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_wait_while_the_kernel_is_full),
        cmocka_unit_test(headers_that_make_no_sense_are_dropped),
        cmocka_unit_test(every_length_comes_whole),
        cmocka_unit_test(nothing_is_lost_without_memory),
    };
    log_configure("quiet") == OK ? (void)0 : abort();
    return cmocka_run_group_tests_name("tap_queue", tests, NULL, NULL);
}
