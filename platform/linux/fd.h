/*
 * How the devices of Linux wait. A descriptor is registered once, edge-triggered. `readable` and
 * `writable` keep the last state that the kernel reported. The device clears them when a call
 * gives EAGAIN (or, on a stream, a short read). So a request on a connection that is kept alive
 * costs one read and one write:
 *
 *     for (;;) {
 *         if (!conn->fd.readable)
 *             TRY(linux_fd_wait_readable(&conn->fd));
 *         n = read(conn->fd.fd, ...);
 *         if (n >= 0) {
 *             if ((size_t)n < asked)
 *                 linux_fd_drained(&conn->fd);   // a stream only
 *             return ...;
 *         }
 *         if (errno == EINTR)
 *             continue;
 *         if (errno != EAGAIN)
 *             return ERR_IO;
 *         linux_fd_drained(&conn->fd);
 *     }
 *
 * For devices of this platform only; they run within os_run.
 */
#ifndef PLATFORM_LINUX_FD_H
#define PLATFORM_LINUX_FD_H

#include <mirage/os.h>
#include <platform/platform.h>

enum linux_fd_kind {
    LINUX_FD_STREAM, /* TCP, pipes, terminals: a short read means that it is drained */
    LINUX_FD_PACKET, /* UDP, raw, tap, eventfd: only EAGAIN means it. Room to write is waited
                        for only when there was none, as the kernel reports it for each packet */
};

struct linux_fd {
    int fd;                  /* -1 when closed */
    bool readable, writable; /* a call is worth trying; true at first */
    bool hangup;             /* the peer is gone: reading does not block any more */
    bool always;             /* a file, which never blocks */
    uint8_t kind;            /* enum linux_fd_kind */
    uint32_t events;         /* registered with epoll */
    struct os_waitq readers, writers;
    struct platform_source source;
};

/*
 * Register an open descriptor, which from then on belongs to `f`. It should be non-blocking, so create it
 * with SOCK_NONBLOCK, accept4 or O_NONBLOCK. Connect a socket before this, as an unconnected one counts as
 * hung up; a connection in progress is then linux_fd_full and waits to be writable. A file that epoll does
 * not take is always ready. On an error (ERR_NO_MEMORY, ERR_NO_SPACE, ERR_IO) the descriptor is still the
 * caller's, and open.
 */
err linux_fd_open(struct linux_fd *f, int fd, enum linux_fd_kind kind);

/*
 * Close the descriptor. Fibers in linux_fd_wait_* get ERR_CLOSED and do not touch `f`, which
 * may be freed at once. Does nothing the second time.
 */
void linux_fd_close(struct linux_fd *f);

/* Give ERR_CLOSED to the fibers in linux_fd_wait_*, as linux_fd_close does, and leave the descriptor open. */
void linux_fd_fail_waits(struct linux_fd *f);

/*
 * Suspend until the flag is set, or return at once when it is. OK, ERR_CLOSED, or the fiber's own
 * ERR_CANCELLED or ERR_TIMEOUT. After any other error than the last two, `f` may have been freed.
 */
IO err linux_fd_wait_readable(struct linux_fd *f);
IO err linux_fd_wait_writable(struct linux_fd *f);

/*
 * Call this when a read gave EAGAIN, or less than was asked from a stream. It does nothing after the peer
 * hung up, because no event would follow.
 */
static inline void linux_fd_drained(struct linux_fd *f)
{
    f->readable = f->hangup;
}

/* Call this when a write gave EAGAIN. */
void linux_fd_full(struct linux_fd *f);

/*
 * The form with a callback: ready(ctx) is called on the scheduler's stack when something has changed, and
 * once soon after this call. It either reads and writes until EAGAIN and returns false, or takes a fair part
 * of the work and returns true to be called again in the next turn. It may close and free `f` if it then
 * returns false. NULL removes the callback.
 */
void linux_fd_watch(struct linux_fd *f, bool (*ready)(void *ctx), void *ctx);

/*
 * Let the loop look for events for up to `most` nanoseconds before it sleeps, whenever its last wait was no
 * longer than that. For some peers waking up takes longer than their answer. The loop keeps a core busy while
 * it looks. The longest of several calls counts.
 */
void linux_busy_poll(os_time most);

#endif
