/*
 * Standard input. Other processes share it, and making it non-blocking would change the terminal or pipe for
 * them. So poll() is asked before each read.
 */
#include "linux.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

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
