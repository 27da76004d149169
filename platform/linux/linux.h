/* What the files of this platform share: its state, and fd.c's side of the loop. */
#ifndef PLATFORM_LINUX_LINUX_H
#define PLATFORM_LINUX_LINUX_H

#include <signal.h>
#include <sys/epoll.h>

#include <platform/platform.h>

#include "fd.h"

#define LINUX_EVENTS 256

struct linux_platform {
    bool started;
    int epoll, wakeup; /* `wakeup` is an eventfd that the signal handler writes */
    bool no_pwait2;
    os_time busy_poll;                         /* how long a wait looks before it sleeps; 0: not at all */
    bool last_was_short;                       /* the last wait took no longer than that */
    size_t open;                               /* descriptors registered */
    volatile sig_atomic_t signals;             /* SIGINT and SIGTERM since the start */
    struct sigaction old_actions[SIGTERM + 1]; /* by number, of those that are handled */
    _Alignas(64) char signal_stack[32768];

    struct linux_fd in; /* standard input, once it was read */
    bool in_open;
};

extern struct linux_platform linux_platform __attribute__((visibility("hidden")));

/* Note what the kernel reports of a descriptor, wake who waits, raise it for who watches. */
void linux_fd_dispatch(struct linux_fd *f, uint32_t events);

/* Handle the signals that the platform cares for; then again as before. */
void linux_signals_start(void);
void linux_signals_end(void);

#endif
