/*
 * A console on standard output. What it has no room for, because its disk is full, is dropped: a server does
 * not end for that. A reader that is slow makes the calling fiber wait, and never the loop.
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

struct console_unix {
    struct linux_output output;
    bool registered; /* `wait` is open; that is needed only when the output was full once */
    struct linux_fd wait;
    struct os_mutex mutex;
    struct metric lost;
    char line[512]; /* room for a line with its line feed; guarded by the mutex */
};

static const struct metric_row metrics[] = {
    METRIC_ROW(struct console_unix, lost, COUNTER, "console.lost", "Bytes that a full disk had no room for"),
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
        log_warning("standard output was full, and %lld bytes were lost", (long long)console->lost.value);
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

static IO err write_all(struct console_unix *console, const char *data, size_t len)
{
    while (len) {
        ssize_t n = linux_output_write(&console->output, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            TRY(wait_for_room(console));
        } else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
            metric_add(&console->lost, (int64_t)len);
            return OK;
        } else if (errno != EINTR) {
            return ERR_IO;
        }
    }
    return OK;
}

IO err console_unix_write(struct console_unix *console, const void *data, size_t len)
{
    err e;

    TRY(os_mutex_lock(&console->mutex));
    e = write_all(console, data, len);
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
        e = write_all(console, console->line, len + 1);
    } else {
        e = write_all(console, line, len);
        if (e == OK)
            e = write_all(console, "\n", 1);
    }
    os_mutex_unlock(&console->mutex);
    return e;
}
