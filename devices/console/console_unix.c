/*
 * A console on standard output. A reader that is slow makes the calling fiber wait, and never the loop.
 *
 * Lines are for whoever looks at them. A server does not end, nor stop, because nobody does: a line is
 * dropped and counted when the disk is full, the reader has gone, or the reader takes nothing any more. Bytes
 * of console_write may be the content of a pipe, in which nothing may be missing. They wait as long as it
 * takes.
 */
#include <mirage/functor.h>
#include <mirage/metric.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <platform/linux/fd.h>
#include <platform/linux/output.h>

MODULE(CONSOLE, console_unix);
LOG_SOURCE(console);

KEY_INT(patience_ms, 10000, 0, 86400000,
        "milliseconds that a line waits for a reader that takes nothing; then it is dropped");

struct console_unix {
    struct linux_output output;
    bool registered; /* `wait` is open; that is needed only when the output was full once */
    bool stalled;    /* the reader has taken nothing for so long that no line waits for it */
    bool cut;        /* the end of a line was lost, and its beginning was not */
    struct linux_fd wait;
    struct os_mutex mutex;
    struct metric lost;
    char line[512]; /* room for a line with its line feed; guarded by the mutex */
};

static const struct metric_row metrics[] = {
    METRIC_ROW(struct console_unix, lost, COUNTER, "console.lost", "Bytes that nobody took"),
};

IO err console_unix_connect(struct console_unix **out)
{
    struct console_unix *console = calloc(1, sizeof *console);
    err e;

    if (!console)
        return ERR_NO_MEMORY;
    e = linux_output_open(&console->output, STDOUT_FILENO);
    if (e != OK) {
        log_error("standard output can't be used: %s", strerror(errno));
        free(console);
        return e;
    }
    metric_register(metrics, console, INSTANCE_NAME);
    *out = console;
    return OK;
}

IO void console_unix_disconnect(struct console_unix *console)
{
    if (console->lost.value > 0)
        log_warning("standard output was full or not read, and %lld bytes were lost",
                    (long long)console->lost.value);
    metric_unregister(metrics, console);
    if (console->registered)
        linux_fd_close(&console->wait);
    else
        close(console->output.fd);
    free(console);
}

static IO err wait_for_room(struct console_unix *console)
{
    if (!console->registered) {
        TRY(linux_fd_open(&console->wait, console->output.fd, LINUX_FD_STREAM));
        console->registered = true;
    }
    linux_fd_full(&console->wait);
    return linux_fd_wait_writable(&console->wait);
}

static bool is_full(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* Write and wait for room. `*done` is how much was written. ERR_IO: nobody will ever read it. */
static IO err write_some(struct console_unix *console, const char *data, size_t len, size_t *done)
{
    while (*done < len) {
        ssize_t n = linux_output_write(&console->output, data + *done, len - *done);
        if (n >= 0) {
            *done += (size_t)n;
            if (console->stalled)
                log_warning("standard output is read again; %lld bytes were lost",
                            (long long)console->lost.value);
            console->stalled = false;
        } else if (errno == EAGAIN) {
            TRY(wait_for_room(console));
        } else if (is_full(errno)) {
            metric_add(&console->lost, (int64_t)(len - *done));
            return OK;
        } else if (errno != EINTR) {
            return ERR_IO;
        }
    }
    return OK;
}

IO err console_unix_write(struct console_unix *console, const void *data, size_t len)
{
    size_t done = 0;

    TRY(os_mutex_lock(&console->mutex));
    err e = write_some(console, data, len, &done);
    os_mutex_unlock(&console->mutex);
    return e;
}

/* Write a line. What comes after one whose end was lost begins on a line of its own. */
static IO err put_line(struct console_unix *console, const char *line, size_t len)
{
    size_t done = 0, head = 0;
    err e = OK;

    if (console->cut)
        e = write_some(console, "\n", 1, &head);
    console->cut &= head == 0;
    if (e == OK)
        e = write_some(console, line, len, &done);
    console->cut |= e != OK && done > 0 && done < len;
    if (e != OK)
        metric_add(&console->lost, (int64_t)(len - done));
    return e;
}

/* The same with a line feed, when it is our turn. */
static IO err write_in_turn(struct console_unix *console, const char *line, size_t len)
{
    char *whole;
    err e = os_mutex_lock(&console->mutex);

    if (e != OK) {
        metric_add(&console->lost, (int64_t)len + 1);
        return e;
    }
    whole = len < sizeof console->line ? console->line : malloc(len + 1);
    e = ERR_NO_MEMORY;
    if (whole != NULL) {
        memcpy(whole, line, len);
        whole[len] = '\n';
        e = put_line(console, whole, len + 1);
    }
    if (whole != console->line)
        free(whole);
    os_mutex_unlock(&console->mutex);
    return e;
}

/* A function of its own, as it is too large to be compiled into each place from which a line is written. */
static __attribute__((noinline)) IO err write_or_drop(struct console_unix *console, const char *line)
{
    size_t len = strlen(line);
    bool was_stalled = console->stalled;
    err e = OK;

    OS_DEADLINE(was_stalled ? 0 : os_now() + MILLISECONDS(key_patience_ms))
    e = write_in_turn(console, line, len);
    if (e != ERR_TIMEOUT && e != ERR_IO)
        return e;
    if (e == ERR_TIMEOUT) {
        TRY(os_check()); /* the caller's own deadline */
        console->stalled = true;
        if (!was_stalled)
            log_warning("nobody reads standard output; lines are lost until somebody does");
    }
    /* A fiber that writes lines only would not wait for anything any more. */
    return os_yield();
}

IO err console_unix_log(struct console_unix *console, const char *line)
{
    return write_or_drop(console, line);
}
