#include "linux.h"

#include <errno.h>
#include <unistd.h>

/*
 * On the stack of each waiting call, so that closing reaches a fiber that was woken
 * but has not run yet, and would find `f` freed.
 */
struct linux_fd_wait {
    struct linux_fd_wait *next, **link;
    bool closed;
};

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
    /* This fails for lack of kernel memory only; what is registered then stays. */
    if (epoll_ctl(linux_platform.epoll, EPOLL_CTL_MOD, f->fd, &event) == 0)
        f->events = events;
}

void linux_fd_full(struct linux_fd *f)
{
    f->writable = f->always;
    if (!f->always && !(f->events & EPOLLOUT))
        change_events(f, f->events | EPOLLOUT);
}

static void again_remove(struct linux_fd *f)
{
    if (f->again_link == NULL)
        return;
    *f->again_link = f->again_next;
    if (f->again_next != NULL)
        f->again_next->again_link = f->again_link;
    else
        linux_platform.again_tail = f->again_link;
    f->again_link = NULL;
}

static void again_add(struct linux_fd *f)
{
    if (f->again_link != NULL)
        return;
    f->again_next = NULL;
    f->again_link = linux_platform.again_tail;
    *linux_platform.again_tail = f;
    linux_platform.again_tail = &f->again_next;
}

void linux_fd_close(struct linux_fd *f)
{
    if (f->fd < 0)
        return;
    linux_fd_watch(f, NULL, NULL);
    /* Events of this batch that are still to come name a struct that may be freed. */
    for (int i = 0; i < linux_platform.batch_count; i++)
        if (linux_platform.batch[i].data.ptr == f)
            linux_platform.batch[i].data.ptr = NULL;
    /* Closing alone would leave it registered while another process holds a duplicate. */
    if (f->events != 0)
        epoll_ctl(linux_platform.epoll, EPOLL_CTL_DEL, f->fd, &(struct epoll_event){ 0 });
    close(f->fd);
    f->fd = -1;
    linux_platform.open--;
    for (struct linux_fd_wait *w = f->waits; w != NULL; w = w->next) {
        w->closed = true;
        w->link = NULL;
    }
    f->waits = NULL;
    os_fail_all(&f->readers, ERR_CLOSED);
    os_fail_all(&f->writers, ERR_CLOSED);
}

static err wait_in(struct linux_fd *f, struct os_waitq *queue)
{
    struct linux_fd_wait wait = { f->waits, &f->waits, false };
    if (wait.next != NULL)
        wait.next->link = &wait.next;
    f->waits = &wait;
    linux_platform.armed++;
    err error = os_wait(queue);
    linux_platform.armed--;
    if (wait.closed)
        return ERR_CLOSED;
    *wait.link = wait.next;
    if (wait.next != NULL)
        wait.next->link = wait.link;
    return error;
}

err linux_fd_wait_readable(struct linux_fd *f)
{
    if (f->fd < 0)
        return ERR_CLOSED;
    return f->readable ? OK : wait_in(f, &f->readers);
}

err linux_fd_wait_writable(struct linux_fd *f)
{
    if (f->fd < 0)
        return ERR_CLOSED;
    return f->writable ? OK : wait_in(f, &f->writers);
}

void linux_fd_watch(struct linux_fd *f, bool (*ready)(void *ctx), void *ctx)
{
    linux_platform.armed -= f->ready != NULL;
    linux_platform.armed += ready != NULL;
    f->ready = ready;
    f->ctx = ctx;
    if (ready != NULL)
        again_add(f);
    else
        again_remove(f);
}

static void call_ready(struct linux_fd *f)
{
    if (f->ready(f->ctx))
        again_add(f);
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
    if (f->ready != NULL && f->again_link == NULL)
        call_ready(f);
}

void linux_fd_call_again(void)
{
    /* Those that ask once more go behind the marker, to the next turn. */
    struct linux_fd marker = { .fd = -1 };
    if (linux_platform.again == NULL)
        return;
    again_add(&marker);
    for (;;) {
        struct linux_fd *f = linux_platform.again;
        again_remove(f);
        if (f == &marker)
            break;
        call_ready(f);
    }
}
