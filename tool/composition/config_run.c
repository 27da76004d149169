/*
 * Runs the compiled configuration in a child, because the user's code may crash, hang or exit. The error for
 * that is reported at the line that was running.
 */
#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"
#include "composition/evaluate.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/process.h"
#include "config/channel.h"

enum { DEFAULT_LIMIT_MS = 5000, LAST_WORDS_MS = 500, FRAMES = 64 };

/* Used in the child, by its signal handler. */
static struct config_channel *channel;
static const char *running_object;

/* Note the innermost frame that lies in the configuration's own object, as an offset into the object. */
static void note_frames(void *const *frames, int count, bool first_is_exact)
{
    for (int i = 0; i < count; i++) {
        Dl_info info;
        /* A return address belongs to the line of the call, which is the instruction before it. */
        char *at = (char *)frames[i] - (i > 0 || !first_is_exact);
        if (dladdr(at, &info) != 0 && info.dli_fname != NULL && strcmp(info.dli_fname, running_object) == 0) {
            channel->offset = (uint64_t)(at - (char *)info.dli_fbase);
            return;
        }
    }
}

static void note_place(void)
{
    void *frames[FRAMES];
    note_frames(frames, backtrace(frames, FRAMES), false);
}

static bool near(const void *a, const void *b)
{
    intptr_t distance = (intptr_t)a - (intptr_t)b;
    return distance > -65536 && distance < 65536;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const ucontext_t *u = context;
    channel->signal = number;
#if defined(__x86_64__)
    void *pc = (void *)u->uc_mcontext.gregs[REG_RIP], *sp = (void *)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    void *pc = (void *)u->uc_mcontext.pc, *sp = (void *)u->uc_mcontext.sp;
#else
#error "which registers hold the program counter and the stack pointer here?"
#endif
    channel->stack_overflow = number == SIGSEGV && near(info->si_addr, sp);
    note_frames(&pc, 1, true);
    if (channel->offset == 0)
        note_place();
    _exit(1);
}

/* The parent's own exit handlers must not run in the child. */
static void on_exit_early(void)
{
    if (!channel->done)
        note_place();
    fflush(NULL);
    _exit(1);
}

static void catch_signals(void)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM };
    static char stack[256 * 1024]; /* unwinding the stack needs space */
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_sigaction = on_signal,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND };
    void *frames[1];
    sigset_t all;

    backtrace(frames, 1); /* loads the unwinder now, because the handler must not */
    sigaltstack(&alternate, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
}

static void limit_resources(void)
{
    struct rlimit stack;
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur > (8u << 20)) {
        stack.rlim_cur = 8u << 20;
        setrlimit(RLIMIT_STACK, &stack);
    }
#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_DATA, &(struct rlimit){ 1u << 30, 1u << 30 });
#endif
}

static void tell_and_end(const char *what, void *where)
{
    strncpy(channel->problem, what, sizeof channel->problem - 1);
    if (where != NULL)
        note_frames(&where, 1, true);
    channel->done = true;
    _exit(1);
}

__attribute__((noreturn)) static void child(const struct config_start *start, const char *library,
                                            const char *object)
{
    channel = start->channel;
    running_object = object;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit_resources();
    catch_signals();
    atexit(on_exit_early);

    void *language = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (language == NULL)
        tell_and_end(dlerror(), NULL);
    mirage_config_start_fn *begin = (mirage_config_start_fn *)dlsym(language, "mirage_config_start");
    mirage_config_finish_fn *finish = (mirage_config_finish_fn *)dlsym(language, "mirage_config_finish");
    if (begin == NULL || finish == NULL)
        tell_and_end("libmirage-config.so is not the mirage command's: install them again together", NULL);
    begin(start);
    void *loaded = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (loaded == NULL)
        tell_and_end(dlerror(), NULL);
    void (*config)(void) = (void (*)(void))dlsym(loaded, "config");
    if (config == NULL)
        tell_and_end("there is no function config: write void config(void) { ... register_job(...); }", NULL);
    config();
    if (!finish())
        tell_and_end("no job is registered: config must say register_job(\"name\", job) at least once",
                     (void *)config);
    _exit(1);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Append what the pipe holds to `record`. False at the end of the pipe. */
static bool drain(int fd, struct out *record)
{
    for (;;) {
        char room[65536];
        ssize_t n = read(fd, room, sizeof room);
        if (n > 0)
            out_bytes(record, room, (size_t)n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            return true;
    }
}

/*
 * Read the pipe until the child has ended. False when that takes too long. The end of the pipe is not the end
 * of the child: the child may have closed it, or a process that it started may still have it open.
 */
static bool read_until(int fd, int child_fd, int64_t deadline, struct out *record)
{
    bool open = true;
    for (;;) {
        struct pollfd p[2] = { { .fd = open ? fd : -1, .events = POLLIN },
                               { .fd = child_fd, .events = POLLIN } };
        int64_t left = deadline - now_ms();
        int ready = left <= 0 ? 0 : poll(p, 2, (int)left);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        if (open)
            open = drain(fd, record);
        if (p[1].revents != 0)
            return true;
    }
}

/* The line of the configuration at this offset of its object, or 0 when it is not known. */
static int line_at(const char *object, uint64_t offset)
{
    const char *const argv[] = { "addr2line", "-e", object, text("%#llx", (unsigned long long)offset), NULL };
    struct command command = { .argv = argv };
    if (offset == 0 || !run_all(&command, 1))
        return 0;
    const char *colon = strrchr(command.out, ':');
    return colon == NULL ? 0 : atoi(colon + 1);
}

static void tell_end(const char *config, const char *object, const struct config_channel *c, bool in_time,
                     int limit, int status)
{
    int exact = line_at(object, c->offset);
    int line = exact > 0 ? exact : c->line;
    const char *file = c->file[0] != '\0' && exact == 0 ? c->file : config;
    const char *here = exact > 0  ? "here"
                       : line > 0 ? "after this line, the last that it reached"
                                  : "before it composed anything";
    if (c->done && c->problem[0] != '\0')
        error_at(config, exact > 0 ? exact : 1, "%s", c->problem);
    else if (!in_time)
        error_at(file, line, "the configuration was still running %s after %g s: is this an endless loop?",
                 here, limit / 1000.0);
    else if (c->stack_overflow)
        error_at(file, line, "the configuration ran out of stack %s: is this an endless recursion?", here);
    else if (c->signal != 0 || WIFSIGNALED(status))
        error_at(file, line, "the configuration crashed %s: %s", here,
                 strsignal(c->signal != 0 ? c->signal : WTERMSIG(status)));
    else
        error_at(file, line, "the configuration ended the program %s: config must return", here);
}

char *config_run(const struct evaluation *e, const char *config, const char *object, size_t *len)
{
    int limit = e->time_limit_ms > 0 ? e->time_limit_ms : DEFAULT_LIMIT_MS, ends[2], status;
    struct out record = { 0 };
    char *result = NULL;
    const char *shared = path_absolute(object),
               *library = path_join(e->library_folder, "libmirage-config.so");
    struct config_channel *c =
        mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        error("cannot run the configuration: %s", strerror(errno));
        return NULL;
    }
    fflush(NULL);
    struct config_start start = { c,
                                  ends[1],
                                  path_folder(config),
                                  path_absolute(e->root),
                                  e->target == NULL ? targets[0] : e->target,
                                  targets };
    pid_t pid = fork();
    if (pid == 0) {
        fcntl(ends[1], F_SETFL, 0); /* pipe2 sets O_NONBLOCK for both ends, but it is for the reading end */
        child(&start, library, shared);
    }
    close(ends[1]);
    if (pid < 0) {
        error("cannot run the configuration: %s", strerror(errno));
        goto out;
    }
    int child_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    bool in_time = read_until(ends[0], child_fd, now_ms() + limit, &record);
    if (!in_time) { /* at SIGTERM the child notes where it is */
        kill(pid, SIGTERM);
        read_until(ends[0], child_fd, now_ms() + LAST_WORDS_MS, &record);
    }
    kill(-pid, SIGKILL); /* and the processes that it started */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(child_fd);
    if (c->done && c->problem[0] == '\0') {
        *len = record.len;
        result = keep_bytes(record.data, record.len);
    } else {
        tell_end(config, shared, c, in_time, limit, status);
    }
out:
    close(ends[0]);
    out_free(&record);
    munmap(c, sizeof *c);
    return result;
}
