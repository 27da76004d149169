/* Standard output and error. They are written to as they are, whether blocking or not. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <platform/platform.h>

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
