/*
 * A console on standard output. What nobody takes is dropped and counted, as a server does not end because
 * its disk is full, its reader has gone, or its reader takes nothing any more. A reader that is only slow
 * makes the calling fiber wait, and never the loop.
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
        "milliseconds that a write waits for a reader that takes nothing; then it is dropped");

struct console_unix {
    struct linux_output output;
    bool registered; /* `wait` is open; that is needed only when the output was full once */
    bool stalled;    /* the reader has taken nothing for so long that nobody waits for it */
    bool cut;        /* the end of a write was lost, and its beginning was not */
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

/* Wait until there is room, but no longer than until this time. ERR_TIMEOUT is the caller's own deadline. */
static IO err wait_for_room(struct console_unix *console, os_time until)
{
    err e = OK;

    if (!console->registered) {
        TRY(linux_fd_open(&console->wait, console->output.fd, LINUX_FD_STREAM));
        console->registered = true;
    }
    linux_fd_full(&console->wait);
    OS_DEADLINE(until)
    e = linux_fd_wait_writable(&console->wait);
    if (e != ERR_TIMEOUT || os_now() < until)
        return e;
    TRY(os_check());
    console->stalled = true;
    log_warning("nobody reads standard output; what is written to it is lost until somebody does");
    return OK;
}

/*
 * Count what is lost, and let others run, as a fiber that only writes would not wait for anything any more.
 */
static IO err drop(struct console_unix *console, size_t written, size_t left)
{
    metric_add(&console->lost, (int64_t)left);
    console->cut |= written > 0;
    return os_yield();
}

static void was_taken(struct console_unix *console)
{
    if (!console->stalled)
        return;
    console->stalled = false;
    log_warning("standard output is read again; %lld bytes were lost", (long long)console->lost.value);
}

static IO err write_all(struct console_unix *console, const char *data, size_t len)
{
    os_time until = os_now() + MILLISECONDS(key_patience_ms);
    size_t done = 0;

    while (done < len) {
        ssize_t n = linux_output_write(&console->output, data + done, len - done);
        if (n >= 0) {
            done += (size_t)n;
            until = os_now() + MILLISECONDS(key_patience_ms);
            was_taken(console);
        } else if (errno == EAGAIN && !console->stalled) {
            TRY(wait_for_room(console, until));
        } else if (errno != EINTR) {
            return drop(console, done, len - done);
        }
    }
    return OK;
}

/* What comes after a line whose end was lost begins a line of its own. */
static IO err write_after(struct console_unix *console, const char *data, size_t len)
{
    if (console->cut) {
        console->cut = false;
        int64_t lost = console->lost.value;
        TRY(write_all(console, "\n", 1));
        console->cut = console->lost.value != lost;
    }
    return write_all(console, data, len);
}

IO err console_unix_write(struct console_unix *console, const void *data, size_t len)
{
    err e;

    TRY(os_mutex_lock(&console->mutex));
    e = write_after(console, data, len);
    os_mutex_unlock(&console->mutex);
    return e;
}

IO err console_unix_log(struct console_unix *console, const char *line)
{
    size_t len = strlen(line);
    err e;

    TRY(os_mutex_lock(&console->mutex));
    if (len < sizeof console->line) {
        memcpy(console->line, line, len);
        console->line[len] = '\n';
        e = write_after(console, console->line, len + 1);
    } else {
        e = write_after(console, line, len);
        if (e == OK)
            e = write_all(console, "\n", 1);
    }
    os_mutex_unlock(&console->mutex);
    return e;
}
