/*
 * The loop's wait: epoll, with the signals that ask the program to stop.
 *
 * The handler writes to an eventfd, as a signal may come between the look at the flag and
 * the wait. Blocking the signals outside the wait would lose no event either, but
 * then nobody could interrupt a fiber that computes for ever.
 */
#include "linux.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct linux_platform linux_platform = { .again_tail = &linux_platform.again };

static void on_signal(int number)
{
    int saved = errno;
    if (linux_platform.signals++ > 0) {
        /* Asked twice: die of it, as soon as this handler returns. */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    ssize_t written = write(linux_platform.wakeup, &(uint64_t){ 1 }, sizeof(uint64_t));
    (void)written;
    errno = saved;
}

static void handle(int number, void (*handler)(int), struct sigaction *old)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    sigaction(number, NULL, old);
    /* What the parent had us ignore (nohup) stays ignored. */
    if (old->sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

err platform_start(void)
{
    struct linux_platform *p = &linux_platform;
    if (!p->started) {
        p->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (p->epoll < 0)
            return ERR_IO;
        p->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = NULL };
        if (p->wakeup < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->wakeup, &event) != 0) {
            close(p->epoll);
            if (p->wakeup >= 0)
                close(p->wakeup);
            return ERR_IO;
        }
        p->started = true;
    }
    p->signals = 0;
    handle(SIGINT, on_signal, &p->old_int);
    handle(SIGTERM, on_signal, &p->old_term);
    /* Writing to a connection that the peer closed is an error of that write. */
    handle(SIGPIPE, SIG_IGN, &p->old_pipe);
    return OK;
}

void platform_end(void)
{
    struct linux_platform *p = &linux_platform;
    sigaction(SIGINT, &p->old_int, NULL);
    sigaction(SIGTERM, &p->old_term, NULL);
    sigaction(SIGPIPE, &p->old_pipe, NULL);
    if (p->open == 0) {
        close(p->epoll);
        close(p->wakeup);
        p->started = false;
    }
}

static int wait_events(struct epoll_event *events, os_time deadline)
{
    struct linux_platform *p = &linux_platform;
    os_time left = 0;
    if (deadline != OS_NEVER && deadline > 0) {
        left = deadline - platform_monotonic();
        if (left < 0)
            left = 0;
    }
    if (left > 0 && !p->no_pwait2) {
        struct timespec timeout = { left / SECONDS(1), left % SECONDS(1) };
        int n = epoll_pwait2(p->epoll, events, LINUX_EVENTS, &timeout, NULL);
        if (n >= 0 || errno != ENOSYS)
            return n;
        p->no_pwait2 = true;
    }
    /* Before Linux 5.11 to the millisecond, rounded up so as not to spin. */
    int timeout = -1;
    if (deadline != OS_NEVER)
        timeout = left > HOURS(1) ? 3600000 : (int)((left + 999999) / 1000000);
    return epoll_wait(p->epoll, events, LINUX_EVENTS, timeout);
}

void platform_wait(os_time deadline)
{
    struct linux_platform *p = &linux_platform;
    struct epoll_event events[LINUX_EVENTS];
    int n = 0;
    if (p->again != NULL)
        deadline = 0;
    /* With no device there is nothing to look at, and a signal sets its count by itself. */
    if (p->open > 0 || deadline > 0)
        n = wait_events(events, deadline);
    if (p->signals > 0)
        os_stop(OK);
    linux_fd_call_again();
    p->batch = events;
    p->batch_count = n > 0 ? n : 0;
    for (int i = 0; i < p->batch_count; i++)
        if (events[i].data.ptr != NULL)
            linux_fd_dispatch(events[i].data.ptr, events[i].events);
    p->batch_count = 0;
}

bool platform_can_wake(void)
{
    return linux_platform.armed > 0;
}
