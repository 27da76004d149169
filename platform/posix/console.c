/*
 * Standard output and error. A platform whose loop must not wait for their readers defines its own
 * platform_console_write and platform_console_flush, which replace these.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <platform/platform.h>

static int stream_fd(enum platform_stream stream)
{
    return stream == PLATFORM_OUT ? STDOUT_FILENO : STDERR_FILENO;
}

/*
 * On sim time stands still meanwhile, so waiting for the reader delays nothing. Dropping lines would make the
 * output of a run depend on its reader.
 */
__attribute__((weak)) void platform_console_write(enum platform_stream stream, const void *data, size_t len)
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

__attribute__((weak)) void platform_console_flush(void)
{
}

bool platform_console_colour(enum platform_stream stream)
{
    const char *no_colour = getenv("NO_COLOR");
    return (no_colour == NULL || no_colour[0] == '\0') && isatty(stream_fd(stream));
}
