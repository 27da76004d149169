/*
 * Tests the promises of <platform/platform.h> and <platform/arch.h> on the platform that this program is
 * linked with. `conformance` alone checks what a program can see by itself, and prints TAP. Each check that
 * needs an observer outside is a command for conformance.py: arguments, exit, panic, overflow, entropy,
 * input, disk, talk.
 */
#include <mirage/os.h>
#include <platform/arch.h>
#include <platform/platform.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"

static int number, failed;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    platform_console_write(PLATFORM_OUT, line, strlen(line));
}

static void check(bool is_so, const char *what)
{
    failed += !is_so;
    say("%sok %d - %s\n", is_so ? "" : "not ", ++number, what);
}

/* This and the other checks of clocks and waiting run on the scheduler's stack, as the loop does. */
static void clocks(void)
{
    bool back = false;
    for (os_time last = platform_monotonic(), i = 0; i < 10000; i++) {
        os_time now = platform_monotonic();
        back = back || now < last;
        last = now;
    }
    check(!back, "the monotonic clock does not go back");
    check(platform_wall() > SECONDS(1577836800), "the wall clock has been set since 2020");
}

static void waits(void)
{
    os_time begun = platform_monotonic(), deadline = begun + MILLISECONDS(20);
    int calls = 0;
    for (; platform_monotonic() < deadline; calls++)
        platform_wait(deadline);
    os_time late = platform_monotonic() - deadline;
    check(late >= 0 && late < SECONDS(10), "a wait ends at its deadline");
    check(calls < 1000, "and does not come back all the time before it");

    begun = platform_monotonic();
    platform_wait(0);
    platform_wait(begun);
    check(platform_monotonic() - begun < SECONDS(10), "a deadline in the past does not wait");
}

static struct {
    struct platform_source source;
    struct os_waitq queue;
    int calls, more;
    bool on_fiber;
} outside;

static bool outside_ready(void *ctx)
{
    outside.calls++;
    outside.on_fiber = outside.on_fiber || os_self() != NULL || ctx != &outside;
    os_wake_all(&outside.queue);
    return outside.more-- > 0;
}

static void raise_twice(void *arg)
{
    platform_source_raise(arg);
    platform_source_raise(arg);
}

static err sources(void *arg)
{
    static struct os_timer timer = OS_TIMER_INIT(raise_twice, &outside.source);
    (void)arg;
    platform_source_watch(&outside.source, outside_ready, &outside);
    os_sleep(MILLISECONDS(1));
    check(outside.calls == 1, "a watcher is called once soon after it began to watch");

    TRY(os_timer_set(&timer, os_now() + MILLISECONDS(5)));
    err woken = platform_source_wait(&outside.queue);
    os_sleep(MILLISECONDS(1));
    check(woken == OK && outside.calls == 2, "a source that is raised twice calls its watcher once");

    outside.more = 3;
    platform_source_raise(&outside.source);
    os_sleep(MILLISECONDS(20));
    check(outside.calls == 6, "a watcher that asks for more is called in the turns that follow");
    check(!outside.on_fiber, "watchers are called on the scheduler's stack, with what they gave");

    platform_source_raise(&outside.source);
    platform_source_watch(&outside.source, NULL, NULL);
    platform_source_raise(&outside.source);
    os_sleep(MILLISECONDS(1));
    check(outside.calls == 6, "who does not watch any more is not called");
    return OK;
}

static err sleeps(void *arg)
{
    (void)arg;
    os_time begun = platform_monotonic();
    os_sleep(MILLISECONDS(20));
    os_time slept = platform_monotonic() - begun;
    check(slept >= MILLISECONDS(20) && slept < SECONDS(10), "a fiber sleeps as long as it asked to");
    return OK;
}

static err waits_for_nothing(void *arg)
{
    return os_wait(arg);
}

static bool all_zero(const uint8_t *at, size_t size)
{
    while (size > 0 && *at == 0)
        at++, size--;
    return size == 0;
}

static void pages(void)
{
    size_t size = 64 * PLATFORM_PAGE;
    uint8_t *one = platform_pages_alloc(PLATFORM_PAGE), *many = platform_pages_alloc(size);
    bool both = one != NULL && many != NULL;
    check(both && ((uintptr_t)one | (uintptr_t)many) % PLATFORM_PAGE == 0, "pages begin on a page");
    check(both && all_zero(one, PLATFORM_PAGE) && all_zero(many, size), "pages read as zero");
    if (both) {
        memset(one, 1, PLATFORM_PAGE);
        memset(many, 2, size);
    }
    check(both && one[0] == 1 && one[PLATFORM_PAGE - 1] == 1 && many[0] == 2 && many[size - 1] == 2,
          "pages can be written to from end to end, and do not overlap");
    if (both) {
        platform_pages_trim(many + PLATFORM_PAGE, size - 2 * PLATFORM_PAGE);
        many[PLATFORM_PAGE] = many[size - PLATFORM_PAGE - 1] = 3;
    }
    check(both && many[0] == 2 && many[PLATFORM_PAGE - 1] == 2 && many[size - PLATFORM_PAGE] == 2 &&
              many[PLATFORM_PAGE] == 3 && many[size - PLATFORM_PAGE - 1] == 3,
          "trimmed pages can be written to again, and those beside them keep what they hold");
    if (both) {
        platform_pages_free(one, PLATFORM_PAGE);
        platform_pages_free(many, size);
    }
    bool zero = true, there = true;
    for (int i = 0; i < 10000 && there && zero; i++) {
        many = platform_pages_alloc(size);
        there = many != NULL;
        zero = there && many[size - 1] == 0;
        if (there) {
            many[size - 1] = 1;
            platform_pages_free(many, size);
        }
    }
    check(there, "what was given back is there to be had again");
    check(zero, "and reads as zero again");
    check(platform_pages_alloc(SIZE_MAX / 2 / PLATFORM_PAGE * PLATFORM_PAGE) == NULL,
          "more than there is is refused");
}

static void stacks(void)
{
    size_t size = 4 * PLATFORM_PAGE;
    bool guarded;
    uint8_t *a = platform_stack_alloc(size, &guarded), *b = platform_stack_alloc(size, &guarded);
    bool both = a != NULL && b != NULL;
    check(both && all_zero(a, size) && all_zero(b, size), "stacks read as zero");
    if (both) {
        memset(a, 1, size);
        memset(b, 2, size);
    }
    check(both && a[0] == 1 && a[size - 1] == 1 && b[0] == 2 && b[size - 1] == 2,
          "stacks can be written to from end to end, and do not overlap");
    if (both) {
        platform_stack_trim(a, size);
        a[0] = a[size - 1] = 3;
    }
    check(both && b[0] == 2 && a[0] == 3, "a stack that was trimmed can be used again");
}

static struct arch_fiber here, there;
static int visits;

static void visit(void *arg)
{
    int *count = arg;
    for (;;) {
        ++*count;
        arch_fiber_switch(&there, &here);
    }
}

static void contexts(void)
{
    bool guarded;
    size_t size = 16 * PLATFORM_PAGE;
    char *stack = platform_stack_alloc(size, &guarded);
    if (stack != NULL) {
        arch_fiber_prepare(&there, stack, stack + size - 5, visit, &visits);
        for (int i = 0; i < 1000; i++)
            arch_fiber_switch(&here, &there);
    }
    check(visits == 1000, "contexts are switched there and back");
}

/* Read both clocks at one time, without another process running between. */
static uint64_t ticks_at(os_time *now)
{
    for (;;) {
        *now = platform_monotonic();
        uint64_t ticks = arch_ticks();
        if (platform_monotonic() - *now < MICROSECONDS(100))
            return ticks;
    }
}

static err ticks(void *arg)
{
    os_time begun, ended;
    (void)arg;
    if (platform_replay() != NULL) {
        os_sleep(MILLISECONDS(20));
        check(runtime.turn_length == UINT64_MAX, "turns of a run that can be repeated end by what is done");
        return OK;
    }
    uint64_t before = ticks_at(&begun);
    while (os_now() - begun < MILLISECONDS(20))
        os_sleep(MILLISECONDS(2));
    uint64_t after = ticks_at(&ended);
    uint64_t in_turn = (after - before) * 50 / (uint64_t)((ended - begun) / MICROSECONDS(1));
    check(runtime.turn_length > in_turn / 2 && runtime.turn_length / 2 <= in_turn + 1,
          "the processor's counter was measured against the clock");
    return OK;
}

static void devices(void)
{
    intptr_t handle = 77;
    check(platform_device("network", "that nobody gave", &handle) == ERR_NOT_FOUND && handle == 77,
          "a device that nobody gave is not found");
}

static void entropy(void)
{
    uint8_t a[32] = { 0 }, b[32] = { 0 }, none = 5;
    bool got = platform_entropy(a, sizeof a) == OK && platform_entropy(b, sizeof b) == OK;
    check(got && memcmp(a, b, sizeof a) != 0, "random bytes differ from those before");
    int ones = 0;
    for (size_t i = 0; i < sizeof a; i++)
        ones += __builtin_popcount(a[i]) + __builtin_popcount(b[i]);
    check(ones > 512 / 4 && ones < 512 * 3 / 4, "about half of their bits are set");
    check(platform_entropy(&none, 0) == OK && none == 5, "none can be asked for");
}

static int everything(void)
{
    struct os_waitq nobody = { 0 };
    clocks();
    check(platform_start() == OK, "the platform starts");
    waits();
    entropy();
    platform_end();
    pages();
    stacks();
    contexts();
    devices();
    check(os_run(sleeps, NULL) == OK && os_run(sources, NULL) == OK && os_run(ticks, NULL) == OK,
          "it can be started again after it has ended");
    check(os_run(waits_for_nothing, &nobody) == ERR_DEADLOCK, "a wait that nothing can end is told");
    check(!platform_console_colour(PLATFORM_OUT), "what is no terminal wants no colours");
    say("1..%d\n", number);
    return failed > 0;
}

static int arguments(int argc, char *argv[])
{
    for (int i = 0; i < argc; i++) {
        argv[i][0] = argv[i][0] == 'x' ? 'X' : argv[i][0];
        say("[%s]\n", argv[i]);
    }
    say("%s\n", argv[argc] == NULL ? "and no more" : "and more");
    return 0;
}

static int overflow(void)
{
    bool guarded;
    volatile char *stack = platform_stack_alloc(4 * PLATFORM_PAGE, &guarded);
    say("%s\n", guarded ? "guarded" : "not guarded");
    stack[-1] = 1;
    say("survived\n");
    return 0;
}

static err print_entropy(void *arg)
{
    uint8_t bytes[16];
    (void)arg;
    TRY(platform_entropy(bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++)
        say("%02x", bytes[i]);
    say(" %s\n", platform_replay() != NULL ? platform_replay() : "never again");
    return OK;
}

static err echo_input(void *arg)
{
    char text[64];
    size_t len;
    (void)arg;
    say("reading\n");
    for (;;) {
        err e = platform_console_read(text, sizeof text, &len);
        if (e != OK)
            return e == ERR_END ? OK : e;
        platform_console_write(PLATFORM_OUT, text, len);
    }
}

/* Open a file as a device opens its disk, and then say something on both streams. */
static err open_disk(void *path)
{
    int disk = open(path, O_RDWR | O_CLOEXEC);
    platform_console_write(PLATFORM_LOG, "a warning\n", 10);
    platform_console_write(PLATFORM_OUT, "output\n", 7);
    return disk > 2 ? OK : ERR_INVALID;
}

static void tick(void *ctx)
{
    ++*(int *)ctx;
}

/* Say much more on a stream than its reader takes, while a timer goes on, and then wait to be stopped. */
static err talk(void *arg)
{
    enum { LINES = 20000, LINE = 100 };
    int ticks = 0;
    struct os_timer timer = OS_TIMER_INIT(tick, &ticks);
    char line[LINE + 1];
    memset(line, 'x', LINE);
    line[LINE - 1] = '\n';
    enum platform_stream stream = strcmp(arg, "log") == 0 ? PLATFORM_LOG : PLATFORM_OUT;
    for (int i = 0; i < LINES; i++) {
        platform_console_write(stream, line, LINE);
        if (i % 1000 == 0) {
            TRY(os_timer_set(&timer, os_now() + MICROSECONDS(1)));
            os_sleep(MILLISECONDS(1));
        }
    }
    bool served = ticks == LINES / 1000;
    platform_console_write(stream == PLATFORM_LOG ? PLATFORM_OUT : PLATFORM_LOG, "served\n", 7);
    os_sleep(SECONDS(60));
    return served && os_check() == ERR_CANCELLED ? OK : ERR_INVALID;
}

int program_main(int argc, char *argv[])
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "arguments") == 0)
        return arguments(argc, argv);
    if (strcmp(command, "exit") == 0)
        return atoi(argv[2]);
    if (strcmp(command, "panic") == 0) {
        platform_console_write(PLATFORM_LOG, "before it\n", 10);
        platform_panic("the test wants it");
    }
    if (strcmp(command, "overflow") == 0)
        return overflow();
    if (strcmp(command, "disk") == 0)
        return os_run(open_disk, argv[2]) != OK;
    if (strcmp(command, "talk") == 0)
        return os_run(talk, argv[2]) != OK;
    if (strcmp(command, "entropy") == 0)
        return os_run(print_entropy, NULL) != OK;
    if (strcmp(command, "input") == 0)
        return os_run(echo_input, NULL) != OK;
    return everything();
}
