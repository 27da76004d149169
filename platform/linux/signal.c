/*
 * Signals: those that ask the program to stop, and the fault of a stack that overflowed.
 *
 * The handler of the former writes to an eventfd, because a signal may come between the check of
 * the count and the wait. If the signals were blocked outside the wait, none would be lost either,
 * but then nobody could interrupt a fiber that computes for ever. Handlers run on a stack of their
 * own, because a fiber's stack may be small or used up.
 */
#include "linux.h"

#include <errno.h>
#include <unistd.h>

static void on_stop(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)info;
    (void)context;
    if (linux_platform.signals++ > 0) {
        /* The second request to stop: the signal ends the process as soon as this handler returns. */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    ssize_t written = write(linux_platform.wakeup, &(uint64_t){ 1 }, sizeof(uint64_t));
    (void)written;
    errno = saved;
}

/* With SA_RESETHAND, the instruction is tried again and its fault ends the program as usual. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    char text[160];
    (void)number;
    (void)context;
    size_t len = runtime_explain_fault(info->si_addr, text, sizeof text);
    if (len == 0)
        return;
    platform_console_write(PLATFORM_LOG, text, len);
    platform_console_flush();
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags };
    struct sigaction *old = &linux_platform.old_actions[number];
    sigaction(number, NULL, old);
    if (handler == NULL)
        action = (struct sigaction){ .sa_handler = SIG_IGN };
    /*
     * A signal that the parent had us ignore (nohup) stays ignored, and a sanitizer's handler stays in place.
     */
    if (old->sa_handler == SIG_DFL)
        sigaction(number, &action, NULL);
}

void linux_signals_start(void)
{
    stack_t stack;
    linux_platform.signals = 0;
    if (sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_DISABLE) {
        stack =
            (stack_t){ .ss_sp = linux_platform.signal_stack, .ss_size = sizeof linux_platform.signal_stack };
        sigaltstack(&stack, NULL);
    }
    handle(SIGINT, on_stop, SA_RESTART);
    handle(SIGTERM, on_stop, SA_RESTART);
    handle(SIGSEGV, on_fault, SA_RESETHAND);
    /* Writing to a connection that the peer closed is an error of that write. */
    handle(SIGPIPE, NULL, 0);
}

void linux_signals_end(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGSEGV, SIGPIPE };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &linux_platform.old_actions[numbers[i]], NULL);
}
