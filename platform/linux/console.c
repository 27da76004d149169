/*
 * Standard input, output and error. They are shared with other processes, so that
 * making them non-blocking would change a terminal or a pipe under these. Hence the
 * look with poll() before a read.
 */
#include "linux.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static int stream_fd(enum platform_stream stream)
{
    return stream == PLATFORM_OUT ? STDOUT_FILENO : STDERR_FILENO;
}

void platform_console_write(enum platform_stream stream, const void *data, size_t len)
{
    int fd = stream_fd(stream);
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

bool platform_console_colour(enum platform_stream stream)
{
    const char *no_colour = getenv("NO_COLOR");
    return (no_colour == NULL || no_colour[0] == '\0') && isatty(stream_fd(stream));
}

err platform_console_read(void *out, size_t size, size_t *len)
{
    struct linux_fd *in = &linux_platform.in;
    if (!linux_platform.in_open) {
        TRY(linux_fd_open(in, STDIN_FILENO, LINUX_FD_STREAM));
        linux_platform.in_open = true;
    }
    for (;;) {
        TRY(linux_fd_wait_readable(in));
        int n = poll(&(struct pollfd){ .fd = in->fd, .events = POLLIN }, 1, 0);
        if (n == 0) {
            linux_fd_drained(in);
            if (in->readable)
                TRY(os_yield());
            continue;
        }
        ssize_t got = n < 0 ? -1 : read(in->fd, out, size);
        if (got > 0) {
            *len = (size_t)got;
            return OK;
        }
        if (got == 0)
            return size == 0 ? ERR_INVALID : ERR_END;
        if (errno == EAGAIN)
            linux_fd_drained(in);
        else if (errno != EINTR)
            return ERR_IO;
    }
}
