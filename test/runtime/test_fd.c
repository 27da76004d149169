/* Tests linux_fd, by which the devices of Linux wait. */
#define _GNU_SOURCE
#include "test/support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <platform/platform.h>

#include <platform/linux/fd.h>

static struct linux_fd left, right;

static err open_pair(int type, enum linux_fd_kind kind)
{
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return ERR_IO;
    TRY(linux_fd_open(&left, ends[0], kind));
    return linux_fd_open(&right, ends[1], kind);
}

static void close_pair(void)
{
    linux_fd_close(&left);
    linux_fd_close(&right);
}

/* Receive as fd.h shows it for a device. */
static err receive(struct linux_fd *f, void *out, size_t size, size_t *len)
{
    for (;;) {
        if (!f->readable)
            TRY(linux_fd_wait_readable(f));
        ssize_t n = read(f->fd, out, size);
        if (n >= 0) {
            if ((size_t)n < size)
                linux_fd_drained(f);
            *len = (size_t)n;
            return n == 0 ? ERR_END : OK;
        }
        if (errno != EAGAIN)
            return ERR_IO;
        linux_fd_drained(f);
    }
}

static err send_all(struct linux_fd *f, const char *data, size_t len)
{
    while (len > 0) {
        if (!f->writable)
            TRY(linux_fd_wait_writable(f));
        ssize_t n = write(f->fd, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            linux_fd_full(f);
        } else {
            return ERR_IO;
        }
    }
    return OK;
}

static err echoes(void *arg)
{
    char data[100];
    size_t len;
    (void)arg;
    for (;;) {
        err e = receive(&right, data, sizeof data, &len);
        if (e != OK)
            return e;
        TRY(send_all(&right, data, len));
    }
}

FIBER_TEST(streams_go_back_and_forth)
{
    struct os_fiber *f;
    char data[100];
    size_t len;
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    TRY(os_spawn(&f, echoes, NULL));
    for (int i = 0; i < 1000; i++) {
        size_t size = 1 + (size_t)i % sizeof data, had = 0;
        memset(data, i, sizeof data);
        TRY(send_all(&left, data, size));
        while (had < size) {
            TRY(receive(&left, data, sizeof data, &len));
            had += len;
            CHECK_EQUAL(data[0], (char)i);
        }
        CHECK_EQUAL(had, size);
        CHECK(size == sizeof data || !left.readable); /* a short read drained it */
    }
    /* Data and the end of the stream come as one event; neither is missed. */
    TRY(send_all(&left, "x", 1));
    shutdown(left.fd, SHUT_WR);
    CHECK_EQUAL(receive(&left, data, sizeof data, &len), OK);
    CHECK_EQUAL(os_join(f), ERR_END);
    linux_fd_close(&right);
    CHECK_EQUAL(receive(&left, data, sizeof data, &len), ERR_END);
    CHECK_EQUAL(receive(&left, data, sizeof data, &len), ERR_END);
    linux_fd_close(&left);
    linux_fd_close(&left);
    CHECK_EQUAL(linux_fd_wait_readable(&left), ERR_CLOSED);
    CHECK_EQUAL(linux_fd_wait_writable(&left), ERR_CLOSED);
    return OK;
}

static err floods(void *arg)
{
    size_t size = 4 << 20;
    char *data = calloc(1, size);
    if (data == NULL)
        return ERR_NO_MEMORY;
    err e = send_all(arg, data, size);
    free(data);
    return e;
}

FIBER_TEST(a_full_stream_waits_for_room)
{
    static char data[65536];
    struct os_fiber *f;
    size_t len, had = 0;
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    TRY(os_spawn(&f, floods, &left));
    while (had < 4 << 20) {
        TRY(receive(&right, data, sizeof data, &len));
        had += len;
    }
    CHECK_EQUAL(had, 4 << 20);
    TRY(os_join(f));
    close_pair();
    return OK;
}

static err sends_packets(void *arg)
{
    struct linux_fd *f = arg;
    char data[1000] = { 0 };
    for (int i = 0; i < 2000;) {
        if (!f->writable)
            TRY(linux_fd_wait_writable(f));
        if (send(f->fd, data, sizeof data, 0) == sizeof data)
            i++;
        else if (errno == EAGAIN)
            linux_fd_full(f);
        else
            return ERR_IO;
    }
    return OK;
}

FIBER_TEST(packets_wait_for_room_only_when_there_was_none)
{
    char data[1500];
    struct os_fiber *f;
    int got = 0, waited = 0;
    TRY(open_pair(SOCK_DGRAM, LINUX_FD_PACKET));
    CHECK(!(left.events & 4)); /* EPOLLOUT */
    TRY(os_spawn(&f, sends_packets, &left));
    while (got < 2000) {
        if (!right.readable)
            TRY(linux_fd_wait_readable(&right));
        ssize_t n = recv(right.fd, data, sizeof data, 0);
        if (n == 1000) {
            got++;
        } else {
            linux_fd_drained(&right);
            waited += (left.events & 4) != 0;
        }
    }
    CHECK_EQUAL(os_join(f), OK);
    CHECK(waited > 0);
    TRY(os_yield());
    os_sleep(1);
    CHECK(!(left.events & 4));
    close_pair();
    return OK;
}

static err result_of_wait;

static err waits_to_read(void *arg)
{
    struct linux_fd *f = arg;
    linux_fd_drained(f);
    result_of_wait = linux_fd_wait_readable(f);
    return OK;
}

static err waits_to_write(void *arg)
{
    struct linux_fd *f = arg;
    linux_fd_full(f);
    return linux_fd_wait_writable(f) == ERR_CLOSED ? OK : ERR_IO;
}

FIBER_TEST(closing_wakes_who_waits)
{
    struct os_fiber *f, *g;
    struct linux_fd *heap = malloc(sizeof *heap);
    if (heap == NULL)
        return ERR_NO_MEMORY;
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    int fd = dup(left.fd);
    TRY(linux_fd_open(heap, fd, LINUX_FD_STREAM));
    TRY(os_spawn(&f, waits_to_read, heap));
    TRY(os_yield());
    linux_fd_close(heap);
    memset(heap, 0xa5, sizeof *heap);
    TRY(os_join(f));
    CHECK_EQUAL(result_of_wait, ERR_CLOSED);
    /*
     * The fiber is woken by data, and the descriptor is closed before it runs. It gets ERR_CLOSED and does
     * not touch the struct.
     */
    TRY(linux_fd_open(heap, dup(left.fd), LINUX_FD_STREAM));
    os_sleep(1); /* lets the first event pass: it is writable */
    TRY(os_spawn(&f, waits_to_read, heap));
    TRY(os_yield());
    CHECK_EQUAL(write(right.fd, "x", 1), 1);
    platform_wait(0);
    CHECK(heap->readable);
    linux_fd_close(heap);
    free(heap);
    TRY(os_join(f));
    CHECK_EQUAL(result_of_wait, ERR_CLOSED);
    /* A cancelled wait leaves nothing, and two fibers may wait at once. */
    TRY(os_spawn(&f, waits_to_read, &right));
    TRY(os_spawn(&g, waits_to_read, &right));
    TRY(os_yield());
    os_cancel(f);
    TRY(os_join(f));
    CHECK_EQUAL(result_of_wait, ERR_CANCELLED);
    CHECK_EQUAL(write(left.fd, "x", 1), 1);
    TRY(os_join(g));
    CHECK_EQUAL(result_of_wait, OK);
    CHECK(right.readers.tail == NULL);
    OS_DEADLINE(os_now() + MILLISECONDS(1))
    {
        linux_fd_drained(&right);
        CHECK_EQUAL(linux_fd_wait_readable(&right), ERR_TIMEOUT);
    }
    close_pair();
    return OK;
}

FIBER_TEST(closing_wakes_writers)
{
    struct os_fiber *f;
    static char data[65536];
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    while (write(left.fd, data, sizeof data) > 0)
        ;
    os_sleep(1);
    TRY(os_spawn(&f, waits_to_write, &left));
    TRY(os_yield());
    close_pair();
    return os_join(f);
}

/* The number of a closed descriptor is used again at once. Events for the old one are ignored. */
FIBER_TEST(numbers_may_be_reused)
{
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    int number = right.fd, held = dup(right.fd); /* a duplicate keeps the file open */
    CHECK_EQUAL(write(left.fd, "x", 1), 1);
    linux_fd_close(&right);
    memset(&right, 0xa5, sizeof right);
    int ends[2];
    struct linux_fd fresh;
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    CHECK(ends[0] == number || ends[1] == number);
    int mine = ends[0] == number ? ends[0] : ends[1], other = ends[0] == number ? ends[1] : ends[0];
    TRY(linux_fd_open(&fresh, mine, LINUX_FD_STREAM));
    linux_fd_drained(&fresh);
    os_sleep(MILLISECONDS(1));
    CHECK(!fresh.readable);
    CHECK_EQUAL(write(other, "y", 1), 1);
    CHECK_EQUAL(linux_fd_wait_readable(&fresh), OK);
    linux_fd_close(&fresh);
    linux_fd_close(&left);
    close(other);
    close(held);
    return OK;
}

struct watcher {
    struct linux_fd *f;
    int calls, bytes, budget;
};

static bool reads_a_little(void *arg)
{
    struct watcher *w = arg;
    char c;
    w->calls++;
    CHECK(os_self() == NULL);
    for (int i = 0; i < w->budget; i++) {
        if (read(w->f->fd, &c, 1) != 1) {
            linux_fd_drained(w->f);
            return false;
        }
        w->bytes++;
    }
    return true;
}

FIBER_TEST(watchers_are_called)
{
    struct watcher w = { &right, 0, 0, 10 };
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    CHECK_EQUAL(write(left.fd, "0123456789012345678901234", 25), 25);
    linux_fd_watch(&right, reads_a_little, &w);
    CHECK_EQUAL(w.calls, 0);
    while (w.bytes < 25)
        os_sleep(1);
    CHECK(w.calls >= 3);
    int calls = w.calls;
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(w.calls, calls);
    CHECK_EQUAL(write(left.fd, "x", 1), 1);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(w.bytes, 26);
    linux_fd_watch(&right, NULL, NULL);
    calls = w.calls;
    CHECK_EQUAL(write(left.fd, "x", 1), 1);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(w.calls, calls);
    close_pair();
    return OK;
}

static bool always_again(void *arg)
{
    struct watcher *w = arg;
    w->calls++;
    return true;
}

FIBER_TEST(a_watcher_that_wants_more_starves_nobody)
{
    struct watcher w[2] = { { &left, 0, 0, 0 }, { &right, 0, 0, 0 } };
    TRY(open_pair(SOCK_STREAM, LINUX_FD_STREAM));
    linux_fd_watch(&left, always_again, &w[0]);
    linux_fd_watch(&right, always_again, &w[1]);
    /* If the callbacks starved this fiber, its sleep would never end. */
    while (w[0].calls + w[1].calls < 10)
        os_sleep(1);
    CHECK(w[0].calls - w[1].calls <= 1 && w[1].calls - w[0].calls <= 1);
    close_pair();
    return OK;
}

static bool closes_both(void *arg)
{
    struct watcher *w = arg;
    w->calls++;
    if (!left.hangup && !right.hangup && w->calls <= 2)
        return false; /* the first call of each, before any event */
    linux_fd_close(&left);
    linux_fd_close(&right);
    memset(&left, 0xa5, sizeof left);
    memset(&right, 0xa5, sizeof right);
    w->bytes++;
    return false;
}

/* The first of two events in one batch closes and frees the descriptor of the other one. */
FIBER_TEST(a_callback_may_close_another)
{
    struct watcher w = { NULL, 0, 0, 0 };
    int a[2], b[2];
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a), 0);
    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
    TRY(linux_fd_open(&left, a[0], LINUX_FD_PACKET));
    TRY(linux_fd_open(&right, b[0], LINUX_FD_PACKET));
    linux_fd_watch(&left, closes_both, &w);
    linux_fd_watch(&right, closes_both, &w);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(w.calls, 2);
    close(a[1]);
    close(b[1]);
    os_sleep(MILLISECONDS(1));
    CHECK_EQUAL(w.calls, 3);
    CHECK_EQUAL(w.bytes, 1);
    return OK;
}

FIBER_TEST(files_are_always_ready)
{
    struct linux_fd f;
    FILE *file = tmpfile();
    if (file == NULL)
        return ERR_IO;
    TRY(linux_fd_open(&f, dup(fileno(file)), LINUX_FD_STREAM));
    linux_fd_drained(&f);
    linux_fd_full(&f);
    CHECK_EQUAL(linux_fd_wait_readable(&f), OK);
    CHECK_EQUAL(linux_fd_wait_writable(&f), OK);
    linux_fd_close(&f);
    fclose(file);
    CHECK_EQUAL(linux_fd_open(&f, 12345, LINUX_FD_STREAM), ERR_IO);
    CHECK_EQUAL(f.fd, -1);
    linux_fd_close(&f);
    return OK;
}

/* One connection is refused and one accepted, as a TCP device does it. */
FIBER_TEST(sockets_connect)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    struct linux_fd listener, client;
    int error = 0;
    TRY(linux_fd_open(&listener, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), LINUX_FD_PACKET));
    CHECK_EQUAL(bind(listener.fd, (struct sockaddr *)&address, size), 0);
    CHECK_EQUAL(getsockname(listener.fd, (struct sockaddr *)&address, &size), 0);
    for (int listening = 0; listening < 2; listening++) {
        if (listening) {
            linux_fd_close(&listener);
            int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            CHECK_EQUAL(bind(fd, (struct sockaddr *)&address, size), 0);
            CHECK_EQUAL(listen(fd, 8), 0);
            TRY(linux_fd_open(&listener, fd, LINUX_FD_PACKET));
        }
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        int done = connect(fd, (struct sockaddr *)&address, size);
        CHECK(done == 0 || errno == EINPROGRESS || errno == ECONNREFUSED);
        if (done != 0 && errno == ECONNREFUSED) {
            CHECK(!listening);
            close(fd);
            continue;
        }
        TRY(linux_fd_open(&client, fd, LINUX_FD_STREAM));
        linux_fd_full(&client);
        CHECK_EQUAL(linux_fd_wait_writable(&client), OK);
        size_t room = sizeof error;
        socklen_t length = (socklen_t)room;
        getsockopt(client.fd, SOL_SOCKET, SO_ERROR, &error, &length);
        CHECK_EQUAL(error, listening ? 0 : ECONNREFUSED);
        linux_fd_close(&client);
    }
    linux_fd_close(&listener);
    return OK;
}

static long sleeps(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

/*
 * Whether sleeps of this length make the thread wait `n` times. On a busy machine, some end before they
 * begin.
 */
static bool waits_sleep(os_time length, long n)
{
    long begun = sleeps();
    for (long i = 0; i < 100 * n && sleeps() - begun < n; i++)
        os_sleep(length);
    return sleeps() - begun >= n;
}

FIBER_TEST(short_waits_look_before_they_sleep)
{
    CHECK(waits_sleep(MILLISECONDS(1), 20));

    /* This is so long that no wait reaches it, however late it ends. */
    linux_busy_poll(HOURS(1));
    linux_busy_poll(1);
    os_sleep(1);
    long begun = sleeps();
    for (int i = 0; i < 20; i++)
        os_sleep(MILLISECONDS(1));
    CHECK(sleeps() - begun < 10);
    return OK;
}

FIBER_TEST(long_waits_sleep)
{
    linux_busy_poll(MILLISECONDS(1));
    os_sleep(MILLISECONDS(50));
    CHECK(waits_sleep(MILLISECONDS(50), 5));
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_go_back_and_forth),
        cmocka_unit_test(a_full_stream_waits_for_room),
        cmocka_unit_test(packets_wait_for_room_only_when_there_was_none),
        cmocka_unit_test(closing_wakes_who_waits),
        cmocka_unit_test(closing_wakes_writers),
        cmocka_unit_test(numbers_may_be_reused),
        cmocka_unit_test(watchers_are_called),
        cmocka_unit_test(a_watcher_that_wants_more_starves_nobody),
        cmocka_unit_test(a_callback_may_close_another),
        cmocka_unit_test(files_are_always_ready),
        cmocka_unit_test(sockets_connect),
        cmocka_unit_test(long_waits_sleep),
        cmocka_unit_test(short_waits_look_before_they_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
