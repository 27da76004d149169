/* Tests console_unix on every kind of standard output. */
#include <mirage/functor.h>

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "test/support/test.h"

MODULE(CONSOLE, console_unix);
err console_unix_connect(struct console_unix **out);

static int saved = -1;

/* Make `fd` the standard output and close it. */
static void redirect(int fd)
{
    fflush(stdout);
    saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(fd, STDOUT_FILENO);
    close(fd);
}

static void restore(void)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

FIBER_TEST(file)
{
    char name[] = "/tmp/mirage-console-XXXXXX", text[64] = "";
    struct console_unix *console;
    int fd = mkstemp(name), back = open(name, O_RDONLY);

    /* Existing contents stay, and so do those that other writers append. */
    CHECK_EQUAL(write(fd, "0", 1), 1);
    redirect(fd);
    TRY(console_unix_connect(&console));
    CHECK_EQUAL(console_unix_write(console, "abc", 3), OK);
    CHECK_EQUAL(write(STDOUT_FILENO, "-", 1), 1);
    CHECK_EQUAL(console_unix_log(console, "line"), OK);
    CHECK_EQUAL(console_unix_write(console, "", 0), OK);
    console_unix_disconnect(console);
    restore();
    CHECK_EQUAL(read(back, text, sizeof text - 1), 10);
    CHECK(strcmp(text, "0abc-line\n") == 0);
    close(back);
    unlink(name);
    return OK;
}

FIBER_TEST(full_disk)
{
    struct console_unix *console;

    redirect(open("/dev/full", O_WRONLY | O_CLOEXEC));
    TRY(console_unix_connect(&console));
    err wrote = console_unix_write(console, "abc", 3), logged = console_unix_log(console, "line");
    console_unix_disconnect(console);
    restore();
    CHECK_EQUAL(wrote, OK);
    CHECK_EQUAL(logged, OK);
    return OK;
}

struct drain {
    int fd;
    char *text;
    size_t len, room;
};

/* Read slowly, until there are `room` bytes. */
static err drain(void *arg)
{
    struct drain *d = arg;

    while (d->len < d->room) {
        ssize_t n = read(d->fd, d->text + d->len, d->room - d->len < 5000 ? d->room - d->len : 5000);
        if (n > 0)
            d->len += (size_t)n;
        os_sleep(MICROSECONDS(200));
        TRY(os_check());
    }
    return OK;
}

enum { LINES = 300, LINE = 700 };

struct writer {
    struct console_unix *console;
    char letter;
};

static err write_lines(void *arg)
{
    struct writer *w = arg;
    char line[LINE + 1];

    memset(line, w->letter, LINE);
    line[LINE] = '\0';
    for (int i = 0; i < LINES; i++)
        TRY(console_unix_log(w->console, line));
    return OK;
}

/* Three fibers write lines to an output that is full most of the time. */
static err try_full(int out, int in)
{
    struct console_unix *console;
    struct writer writers[3];
    struct drain d = { .fd = in, .room = 3 * LINES * (LINE + 1) };
    struct os_group group;
    int flags = fcntl(out, F_GETFL), after;
    os_time start = os_now();

    d.text = malloc(d.room);
    fcntl(in, F_SETFL, O_NONBLOCK);
    redirect(out);
    TRY(console_unix_connect(&console));
    os_group_init(&group);
    for (int i = 0; i < 3; i++) {
        writers[i] = (struct writer){ console, (char)('a' + i) };
        TRY(os_group_spawn(&group, write_lines, &writers[i]));
    }
    TRY(os_group_spawn(&group, drain, &d));
    CHECK_EQUAL(os_group_join(&group), OK);
    after = fcntl(STDOUT_FILENO, F_GETFL);
    console_unix_disconnect(console);
    restore();
    CHECK_EQUAL(after, flags);
    for (size_t i = 0; i < d.room; i++)
        CHECK((i % (LINE + 1) == LINE) == (d.text[i] == '\n') &&
              (d.text[i] == '\n' || d.text[i] == d.text[i / (LINE + 1) * (LINE + 1)]));
    CHECK(os_now() - start < SECONDS(20));
    free(d.text);
    close(in);
    return OK;
}

FIBER_TEST(full_pipe)
{
    int ends[2];

    CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
    return try_full(ends[1], ends[0]);
}

FIBER_TEST(full_socket)
{
    int ends[2];

    CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    return try_full(ends[1], ends[0]);
}

FIBER_TEST(full_terminal)
{
    struct termios raw;
    int master, slave;

    if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
        return OK;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    /* Some kernels discard a terminal's remaining output when its last user closes it. */
    int keep = dup(slave);
    err e = try_full(slave, master);
    close(keep);
    return e;
}

static err cancel_soon(void *arg)
{
    os_sleep(MILLISECONDS(10));
    os_cancel(arg);
    return OK;
}

static err write_much(void *arg)
{
    static char much[1 << 20];

    return console_unix_write(arg, much, sizeof much);
}

static err write_for_ever(void *arg)
{
    for (;;)
        TRY(console_unix_log(arg, "and again"));
}

FIBER_TEST(cancelled_and_gone)
{
    struct console_unix *console;
    struct os_fiber *fiber, *other;
    int ends[2];

    CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
    redirect(ends[1]);
    TRY(console_unix_connect(&console));
    TRY(os_spawn(&fiber, write_much, console));
    TRY(os_spawn(&other, cancel_soon, fiber));
    CHECK_EQUAL(os_join(fiber), ERR_CANCELLED);
    CHECK_EQUAL(os_join(other), OK);
    /* The other end is closed while a fiber waits, and stays closed. */
    TRY(os_spawn(&fiber, write_much, console));
    os_sleep(MILLISECONDS(5));
    close(ends[0]);
    CHECK_EQUAL(os_join(fiber), ERR_IO);
    CHECK_EQUAL(console_unix_write(console, "x", 1), ERR_IO);
    /*
     * A line is for whoever looks, and nobody does. One that only writes lines still lets others run, and
     * ends when it is asked to.
     */
    TRY(os_spawn(&fiber, write_for_ever, console));
    TRY(os_spawn(&other, cancel_soon, fiber));
    CHECK_EQUAL(os_join(fiber), ERR_CANCELLED);
    CHECK_EQUAL(os_join(other), OK);
    console_unix_disconnect(console);
    restore();
    return OK;
}

/* A reader that takes nothing is waited for once, and one that comes back gets whole lines. */
FIBER_TEST(stalled)
{
    struct console_unix *console;
    struct os_fiber *fiber;
    static char text[1 << 20];
    ssize_t n;
    int ends[2];

    CHECK_EQUAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    redirect(ends[1]);
    TRY(console_unix_connect(&console));
    /* The caller's own deadline is told to the caller. */
    err late = OK;
    OS_DEADLINE(os_now() + MILLISECONDS(10))
    late = write_much(console);
    CHECK_EQUAL(late, ERR_TIMEOUT);
    os_time begin = os_now();
    for (int i = 0; i < 1000; i++)
        CHECK_EQUAL(console_unix_log(console, "lost"), OK);
    CHECK(os_now() - begin < SECONDS(20));
    while (read(ends[0], text, sizeof text) > 0)
        continue;
    CHECK_EQUAL(console_unix_log(console, "heard"), OK);
    n = read(ends[0], text, sizeof text);
    CHECK(n >= 6 && memcmp(text + n - 6, "heard\n", 6) == 0);
    /* A line that is cut in the middle is ended before the next one. */
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK_EQUAL(console_unix_log(console, text), OK);
    while (read(ends[0], text, sizeof text) > 0)
        continue;
    CHECK_EQUAL(console_unix_log(console, "whole"), OK);
    CHECK_EQUAL(read(ends[0], text, sizeof text), 7);
    CHECK(memcmp(text, "\nwhole\n", 7) == 0);
    /* Lines do not wait for ever behind a fiber that waits with bytes. */
    TRY(os_spawn(&fiber, write_much, console));
    IGNORE(os_yield());
    CHECK_EQUAL(console_unix_log(console, "lost"), OK);
    os_cancel(fiber);
    CHECK_EQUAL(os_join(fiber), ERR_CANCELLED);
    console_unix_disconnect(console);
    restore();
    close(ends[0]);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file),        cmocka_unit_test(full_disk),     cmocka_unit_test(full_pipe),
        cmocka_unit_test(full_socket), cmocka_unit_test(full_terminal), cmocka_unit_test(cancelled_and_gone),
        cmocka_unit_test(stalled),
    };

    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
