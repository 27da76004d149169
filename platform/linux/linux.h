/* The state that the files of this platform share, and the functions of fd.c for the loop. */
#ifndef PLATFORM_LINUX_LINUX_H
#define PLATFORM_LINUX_LINUX_H

#include <signal.h>
#include <sys/epoll.h>

#include <platform/platform.h>

#include "fd.h"

#define LINUX_EVENTS 256

struct linux_platform {
    bool started;
    int epoll, wakeup; /* `wakeup` is an eventfd, to which the signal handler writes */
    bool no_pwait2;
    os_time busy_poll;             /* how long a wait looks for events before it sleeps; 0: not at all */
    bool last_was_short;           /* the last wait took no longer than that */
    size_t open;                   /* how many descriptors are registered */
    volatile sig_atomic_t signals; /* SIGINT and SIGTERM since the start */
    struct sigaction old_actions[SIGTERM + 1]; /* by number; only those of handled signals are set */
    _Alignas(64) char signal_stack[32768];

    struct linux_fd in; /* standard input, registered when it is first read */
    bool in_open;
};

extern struct linux_platform linux_platform __attribute__((visibility("hidden")));

/*
 * Note what the kernel reports of a descriptor: wake the fibers that wait, and raise the source when somebody
 * watches it.
 */
void linux_fd_dispatch(struct linux_fd *f, uint32_t events);

/*
 * Standard output and error between linux_console_start and linux_console_end, when writing to them must not
 * wait: what their readers do not take is queued, and linux_console_drain writes it when platform_wait has
 * found room. linux_console_end waits for a second at most.
 */
void linux_console_start(void);
void linux_console_drain(void);
void linux_console_end(void);

/* Install the handlers of the signals that the platform cares for, and restore the old ones. */
void linux_signals_start(void);
void linux_signals_end(void);

#endif
