/*
 * A console on standard output.
 *
 * Other processes share standard output, so its flags are not changed. Where it can block, it is opened again
 * as a file description of our own, which is made non-blocking. Where that isn't possible, poll() is asked
 * before each small write.
 */
#include <mirage/functor.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <platform/linux/fd.h>

MODULE(CONSOLE, console_unix);
LOG_SOURCE(console);

/* The room that poll() promises when it reports a pipe as writable. */
enum { POLLED_WRITE = 4096 };

enum way {
    WAY_WRITE,  /* never blocks: a file, or non-blocking */
    WAY_SEND,   /* a socket, which can be asked not to block once */
    WAY_POLLED, /* may block */
};

struct console_unix {
    int fd; /* a duplicate of standard output, or a descriptor that was opened again */
    enum way way;
    bool registered; /* `wait` is open; that is needed only when the output was full once */
    struct linux_fd wait;
    struct os_mutex mutex;
    char line[512]; /* room for a line with its line feed; guarded by the mutex */
};

/* Find out what standard output is. */
static err open_output(struct console_unix *console)
{
    struct stat st;
    int flags = fcntl(STDOUT_FILENO, F_GETFL);

    if (flags < 0 || fstat(STDOUT_FILENO, &st) < 0)
        return ERR_IO;
    console->way = WAY_WRITE;
    if (S_ISSOCK(st.st_mode)) {
        console->way = WAY_SEND;
    } else if (!S_ISREG(st.st_mode) && !(flags & O_NONBLOCK)) {
        console->fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (console->fd >= 0)
            return OK;
        console->way = WAY_POLLED;
    }
    console->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return console->fd < 0 ? ERR_NO_SPACE : OK;
}

IO err console_unix_connect(struct console_unix **out)
{
    struct console_unix *console = calloc(1, sizeof *console);
    err e;

    if (!console)
        return ERR_NO_MEMORY;
    e = open_output(console);
    if (e != OK) {
        log_error("standard output can't be used: %s", strerror(errno));
        free(console);
        return e;
    }
    *out = console;
    return OK;
}

IO void console_unix_disconnect(struct console_unix *console)
{
    if (console->registered)
        linux_fd_close(&console->wait);
    else
        close(console->fd);
    free(console);
}

/* The same as write(2) to a non-blocking descriptor. */
static ssize_t attempt(struct console_unix *console, const char *data, size_t len)
{
    if (console->way == WAY_SEND)
        return send(console->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (console->way == WAY_POLLED) {
        struct pollfd poll_fd = { .fd = console->fd, .events = POLLOUT };
        if (poll(&poll_fd, 1, 0) == 0) {
            errno = EAGAIN;
            return -1;
        }
        if (len > POLLED_WRITE)
            len = POLLED_WRITE;
    }
    return write(console->fd, data, len);
}

static IO err wait_for_room(struct console_unix *console)
{
    if (!console->registered) {
        TRY(linux_fd_open(&console->wait, console->fd, LINUX_FD_STREAM));
        console->registered = true;
    }
    linux_fd_full(&console->wait);
    return linux_fd_wait_writable(&console->wait);
}

static IO err write_all(struct console_unix *console, const char *data, size_t len)
{
    while (len) {
        ssize_t n = attempt(console, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            TRY(wait_for_room(console));
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
