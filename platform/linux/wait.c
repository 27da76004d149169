/*
 * The loop's wait: epoll, with an eventfd by which a signal ends it, and busy polling where a device asks for
 * it.
 */
#include "linux.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct linux_platform linux_platform;

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
    linux_signals_start();
    linux_console_start();
    return OK;
}

void platform_end(void)
{
    struct linux_platform *p = &linux_platform;
    /* While SIGPIPE is still ignored. */
    linux_console_end();
    linux_signals_end();
    p->busy_poll = 0;
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
    /* Before Linux 5.11 the wait has milliseconds, which are rounded up so that the loop does not spin. */
    int timeout = -1;
    if (deadline != OS_NEVER)
        timeout = left > HOURS(1) ? 3600000 : (int)((left + 999999) / 1000000);
    return epoll_wait(p->epoll, events, LINUX_EVENTS, timeout);
}

void linux_busy_poll(os_time most)
{
    struct linux_platform *p = &linux_platform;
    if (p->busy_poll < most)
        p->busy_poll = most;
}

static int poll_events(struct epoll_event *events, os_time deadline)
{
    struct linux_platform *p = &linux_platform;
    os_time begun = platform_monotonic(), now = begun;
    os_time until = deadline < begun + p->busy_poll ? deadline : begun + p->busy_poll;
    int n = 0;
    while (p->last_was_short && n == 0 && now < until) {
        n = epoll_wait(p->epoll, events, LINUX_EVENTS, 0);
        now = platform_monotonic();
    }
    if (n == 0)
        n = wait_events(events, deadline);
    p->last_was_short = platform_monotonic() - begun <= p->busy_poll;
    return n;
}

void platform_wait(os_time deadline)
{
    struct linux_platform *p = &linux_platform;
    struct epoll_event events[LINUX_EVENTS];
    int n = 0;
    /* Without devices there is nothing to look for, and a signal sets its counter by itself. */
    if (p->open > 0 || deadline > 0)
        n = p->busy_poll > 0 && deadline > 0 ? poll_events(events, deadline) : wait_events(events, deadline);
    if (p->signals > 0)
        os_stop(OK);
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr != NULL)
            linux_fd_dispatch(events[i].data.ptr, events[i].events);
    linux_console_drain();
}
