#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The room that poll() promises when it reports a pipe as writable. */
enum { POLLED_WRITE = 4096 };

err linux_output_open(struct linux_output *output, int descriptor)
{
    static const char *const again[] = {
        [STDOUT_FILENO] = "/proc/self/fd/1", [STDERR_FILENO] = "/proc/self/fd/2"
    };
    struct stat st;
    int flags = fcntl(descriptor, F_GETFL);

    if (flags < 0 || fstat(descriptor, &st) < 0)
        return ERR_IO;
    output->way = LINUX_OUTPUT_WRITE;
    if (S_ISSOCK(st.st_mode)) {
        output->way = LINUX_OUTPUT_SEND;
    } else if (!S_ISREG(st.st_mode) && !(flags & O_NONBLOCK)) {
        output->fd = open(again[descriptor], O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (output->fd >= 0)
            return OK;
        output->way = LINUX_OUTPUT_POLLED;
    }
    output->fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    return output->fd < 0 ? ERR_NO_SPACE : OK;
}

ssize_t linux_output_write(const struct linux_output *output, const void *data, size_t len)
{
    if (output->way == LINUX_OUTPUT_SEND)
        return send(output->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (output->way == LINUX_OUTPUT_POLLED) {
        struct pollfd poll_fd = { .fd = output->fd, .events = POLLOUT };
        if (poll(&poll_fd, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
        if (len > POLLED_WRITE)
            len = POLLED_WRITE;
    }
    return write(output->fd, data, len);
}
