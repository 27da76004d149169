/*
 * Measures the cost of fibers and of their peers in the same run. Every measurement runs several times, in a
 * process of its own. The best result is printed, because the machine's noise only adds time.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mirage/os.h>
#include <platform/arch.h>
#include <platform/platform.h>

static size_t count;
static double result;

/* This is processor time: other work of the machine counts less in it, and waiting does not count at all. */
double bench_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

size_t bench_memory(void)
{
    char line[256];
    size_t total = 0, kb;
    FILE *f = fopen("/proc/self/status", "r");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmRSS: %zu", &kb) == 1 || sscanf(line, "VmPTE: %zu", &kb) == 1)
            total += kb * 1024;
    fclose(f);
    return total;
}

/* The bare switch to a context that switches back at once. */
static struct arch_fiber here, there;

static void back(void *arg)
{
    (void)arg;
    for (;;)
        arch_fiber_switch(&there, &here);
}

static double bare_switch(size_t n)
{
    bool guarded;
    char *stack = platform_stack_alloc(65536, &guarded);
    arch_fiber_prepare(&there, stack, stack + 65536, back, NULL);
    double start = bench_seconds();
    for (size_t i = 0; i < n; i++)
        arch_fiber_switch(&here, &there);
    return (bench_seconds() - start) / (double)n / 2 * 1e9;
}

static double run(os_entry entry, size_t n)
{
    count = n;
    if (os_run(entry, NULL) != OK)
        return NAN;
    return result;
}

static err yield_loop(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < count; i++)
        IGNORE(os_yield());
    return OK;
}

static err yield_main(void *arg)
{
    struct os_fiber *fiber;
    (void)arg;
    TRY(os_spawn(&fiber, yield_loop, NULL));
    double start = bench_seconds();
    TRY(yield_loop(NULL));
    TRY(os_join(fiber));
    result = (bench_seconds() - start) / (double)count / 2 * 1e9;
    return OK;
}

static double yield_switch(size_t n)
{
    return run(yield_main, n);
}

static err nothing(void *arg)
{
    (void)arg;
    return OK;
}

static err spawn_main(void *arg)
{
    (void)arg;
    double start = bench_seconds();
    for (size_t i = 0; i < count; i++) {
        struct os_fiber *fiber;
        TRY(os_spawn(&fiber, nothing, NULL));
        TRY(os_join(fiber));
    }
    result = (bench_seconds() - start) / (double)count * 1e9;
    return OK;
}

static double spawn_join(size_t n)
{
    return run(spawn_main, n);
}

static struct os_mailbox ping, pong;

static err echo(void *arg)
{
    void *item;
    (void)arg;
    while (os_mailbox_take(&ping, &item) == OK)
        TRY(os_mailbox_put(&pong, item));
    return OK;
}

static err mailbox_main(void *arg)
{
    struct os_fiber *fiber;
    void *slots[2], *item = arg;
    os_mailbox_init(&ping, &slots[0], 1);
    os_mailbox_init(&pong, &slots[1], 1);
    TRY(os_spawn(&fiber, echo, NULL));
    double start = bench_seconds();
    for (size_t i = 0; i < count; i++) {
        TRY(os_mailbox_put(&ping, item));
        TRY(os_mailbox_take(&pong, &item));
    }
    result = (bench_seconds() - start) / (double)count * 1e9;
    os_mailbox_close(&ping);
    return os_join(fiber);
}

static double mailbox(size_t n)
{
    return run(mailbox_main, n);
}

static size_t fired;

static void fire(void *arg)
{
    (void)arg;
    fired++;
}

/* Set timers at unordered times and let all of them fire. */
static err timer_main(void *arg)
{
    struct os_timer *timers = calloc(count, sizeof *timers);
    (void)arg;
    if (timers == NULL)
        return ERR_NO_MEMORY;
    double start = bench_seconds();
    os_time now = os_now();
    unsigned seed = 1;
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1103515245 + 12345;
        timers[i].fire = fire;
        TRY(os_timer_set(&timers[i], now + (seed >> 8) % MILLISECONDS(1)));
    }
    while (fired < count)
        os_sleep(MICROSECONDS(1));
    result = (bench_seconds() - start) / (double)count * 1e9;
    free(timers);
    return OK;
}

static double timers(size_t n)
{
    return run(timer_main, n);
}

static err sleeper(void *arg)
{
    (void)arg;
    os_sleep(HOURS(1));
    return OK;
}

static err memory_main(void *arg)
{
    (void)arg;
    size_t before = bench_memory();
    for (size_t i = 0; i < count; i++)
        TRY(os_spawn(NULL, sleeper, NULL));
    TRY(os_yield());
    result = (double)(bench_memory() - before) / (double)count;
    struct os_stats stats;
    os_get_stats(&stats);
    return stats.fibers == count + 1 && stats.timers == count ? OK : ERR_IO;
}

static double memory(size_t n)
{
    return run(memory_main, n);
}

/* Measure spawning many fibers, letting each sleep, cancelling them and joining them. */
static err crowd_main(void *arg)
{
    struct os_group group;
    (void)arg;
    os_group_init(&group);
    double start = bench_seconds();
    for (size_t i = 0; i < count; i++)
        TRY(os_group_spawn(&group, sleeper, NULL));
    TRY(os_yield());
    os_group_end(&group);
    result = (bench_seconds() - start) / (double)count * 1e9;
    return OK;
}

static double crowd(size_t n)
{
    return run(crowd_main, n);
}

/* Run in a process of its own, so that another measurement's memory and pools do not count. */
static double apart(double (*function)(size_t), size_t n)
{
    int ends[2];
    double figure = NAN;
    if (pipe(ends) != 0)
        return NAN;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        figure = function(n);
        _exit(write(ends[1], &figure, sizeof figure) != sizeof figure);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &figure, sizeof figure) != sizeof figure)
        figure = NAN;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return figure;
}

static double best(double (*function)(size_t), size_t n, int times)
{
    double least = NAN;
    while (function != NULL && times-- > 0) {
        double figure = apart(function, n);
        if (isnan(least) || figure < least)
            least = figure;
    }
    return least;
}

int program_main(int argc, char *argv[])
{
    (void)argc, (void)argv;
    static const struct {
        const char *what, *unit, *peer;
        double (*ours)(size_t), (*theirs)(size_t);
        size_t n, n_theirs;
        int times;
    } rows[] = {
        { "bare switch", "ns", "boost.context", bare_switch, boost_context_switch, 50000000, 20000000, 3 },
        { "yield, two fibers", "ns", "boost.fiber", yield_switch, boost_fiber_yield, 20000000, 2000000, 3 },
        { "", "ns", "GNU pth", NULL, pth_yield_switch, 0, 500000, 3 },
        { "spawn and join", "ns", "boost.fiber", spawn_join, boost_fiber_spawn, 5000000, 200000, 3 },
        { "", "ns", "GNU pth", NULL, pth_spawn_join, 0, 50000, 3 },
        { "mailbox round trip", "ns", "boost.fiber", mailbox, boost_fiber_channel, 5000000, 500000, 3 },
        { "timer, set and fired, 100 k", "ns", "libuv", timers, uv_timers, 100000, 100000, 5 },
        { "memory of a sleeping fiber, 1 M", "bytes", "boost.fiber, 10 k", memory, boost_fiber_memory,
          1000000, 10000, 1 },
        { "spawn, sleep, cancel, end, 1 M", "ns", "", crowd, NULL, 1000000, 0, 1 },
    };
    printf("| %-32s | %12s | %-18s | %12s | %6s |\n", "", "Mirage in C", "peer", "", "ratio");
    printf("| %-32s | %12s | %-18s | %12s | %6s |\n", "---", "---:", "---", "---:", "---:");
    double ours = NAN;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char mine[32] = "", theirs[32] = "", ratio[32] = "";
        if (rows[i].ours != NULL) {
            ours = best(rows[i].ours, rows[i].n, rows[i].times);
            snprintf(mine, sizeof mine, "%.*f %s", ours < 100 ? 1 : 0, ours, rows[i].unit);
        }
        double figure = best(rows[i].theirs, rows[i].n_theirs, rows[i].times);
        if (!isnan(figure)) {
            snprintf(theirs, sizeof theirs, "%.*f %s", figure < 100 ? 1 : 0, figure, rows[i].unit);
            snprintf(ratio, sizeof ratio, "%.1f", figure / ours);
        }
        printf("| %-32s | %12s | %-18s | %12s | %6s |\n", rows[i].what, mine, rows[i].peer, theirs, ratio);
    }
    return 0;
}
