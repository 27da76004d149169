#include "linux.h"

#include <errno.h>
#include <unistd.h>

err linux_fd_open(struct linux_fd *f, int fd, enum linux_fd_kind kind)
{
    *f = (struct linux_fd){ .fd = fd, .readable = true, .writable = true, .kind = kind };
    f->events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    if (kind == LINUX_FD_STREAM)
        f->events |= EPOLLOUT;
    struct epoll_event event = { .events = f->events, .data.ptr = f };
    if (epoll_ctl(linux_platform.epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        if (errno != EPERM) {
            f->fd = -1;
            return errno == ENOMEM ? ERR_NO_MEMORY : errno == ENOSPC ? ERR_NO_SPACE : ERR_IO;
        }
        f->always = f->hangup = true;
        f->events = 0;
    }
    linux_platform.open++;
    return OK;
}

static void change_events(struct linux_fd *f, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = f };
    /* This fails only when there is no kernel memory. The old registration then remains. */
    if (epoll_ctl(linux_platform.epoll, EPOLL_CTL_MOD, f->fd, &event) == 0)
        f->events = events;
}

void linux_fd_full(struct linux_fd *f)
{
    f->writable = f->always;
    if (!f->always && !(f->events & EPOLLOUT))
        change_events(f, f->events | EPOLLOUT);
}

void linux_fd_close(struct linux_fd *f)
{
    if (f->fd < 0)
        return;
    linux_fd_watch(f, NULL, NULL);
    /* Closing alone would leave the descriptor registered while another process holds a duplicate. */
    if (f->events != 0)
        epoll_ctl(linux_platform.epoll, EPOLL_CTL_DEL, f->fd, &(struct epoll_event){ 0 });
    close(f->fd);
    f->fd = -1;
    linux_platform.open--;
    linux_fd_fail_waits(f);
}

void linux_fd_fail_waits(struct linux_fd *f)
{
    os_fail_all(&f->readers, ERR_CLOSED);
    os_fail_all(&f->writers, ERR_CLOSED);
}

err linux_fd_wait_readable(struct linux_fd *f)
{
    if (f->fd < 0)
        return ERR_CLOSED;
    return f->readable ? OK : platform_source_wait(&f->readers);
}

err linux_fd_wait_writable(struct linux_fd *f)
{
    if (f->fd < 0)
        return ERR_CLOSED;
    return f->writable ? OK : platform_source_wait(&f->writers);
}

void linux_fd_watch(struct linux_fd *f, bool (*ready)(void *ctx), void *ctx)
{
    platform_source_watch(&f->source, ready, ctx);
}

void linux_fd_dispatch(struct linux_fd *f, uint32_t events)
{
    if (events & (EPOLLHUP | EPOLLRDHUP))
        f->hangup = true;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) {
        f->readable = true;
        os_wake_all(&f->readers);
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        f->writable = true;
        os_wake_all(&f->writers);
        if (f->kind == LINUX_FD_PACKET && f->events & EPOLLOUT)
            change_events(f, f->events & ~(uint32_t)EPOLLOUT);
    }
    platform_source_raise(&f->source);
}
