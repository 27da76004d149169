/* Tests how programs end, most of them in a child process. */
#define _GNU_SOURCE
#include "test/support/test.h"

#include <alloca.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mirage/log.h>
#include <platform/platform.h>

#include <platform/linux/linux.h>
#include <platform/posix/posix.h>

LOG_SOURCE(test);

static char output[16384];

/*
 * Run `entry` in a child as a program's main would. Returns its wait status, and `output` receives what it
 * logged. `signals` are sent one after the other, each after a line that the child wrote.
 */
static int in_child(os_entry entry, const int *signals)
{
    int ends[2];
    size_t len = 0;
    int status, next = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(200);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        /* A sanitizer would report faults that the test wants. */
        signal(SIGSEGV, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        err result = os_run(entry, NULL);
        log_error("result: %s", err_string(result));
        _exit(result == OK ? 0 : 1);
    }
    close(ends[1]);
    for (;;) {
        ssize_t n = read(ends[0], output + len, sizeof output - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        if (signals != NULL && signals[next] != 0 && output[len - 1] == '\n')
            kill(child, signals[next++]);
    }
    output[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_said(const char *text)
{
    if (strstr(output, text) == NULL)
        fail_msg("'%s' is not in: %s", text, output);
}

static void assert_aborted(int status)
{
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static err fails(void *arg)
{
    (void)arg;
    return ERR_RANGE;
}

static void the_first_fiber_is_the_program(void **state)
{
    (void)state;
    assert_int_equal(os_run(fails, NULL), ERR_RANGE);
    assert_true(os_self() == NULL);
    if (!DEBUG_BUILD)
        return;
    os_fail_allocation_after(1);
    assert_int_equal(os_run(fails, NULL), ERR_NO_MEMORY);
    assert_int_equal(os_run(fails, NULL), ERR_RANGE);
}

static bool cleaned;

static err cleans_up(void *arg)
{
    os_sleep(HOURS(1));
    OS_SHIELD
    {
        os_sleep(MILLISECONDS(2));
        cleaned = true;
    }
    return arg != NULL ? ERR_IO : os_check();
}

static err leaves_one_over(void *arg)
{
    (void)arg;
    TRY(os_spawn(NULL, cleans_up, NULL));
    return os_yield();
}

static void fibers_left_over_are_cancelled(void **state)
{
    (void)state;
    cleaned = false;
    assert_int_equal(run(leaves_one_over, NULL), OK);
    assert_true(cleaned);
}

static err stops(void *arg)
{
    (void)arg;
    os_stop(ERR_IO);
    os_stop(ERR_BUSY);
    return OK;
}

static err stopped_from_elsewhere(void *arg)
{
    TRY(os_spawn(NULL, stops, NULL));
    return cleans_up(arg);
}

static void stopping_lets_the_first_fiber_clean_up(void **state)
{
    (void)state;
    cleaned = false;
    assert_int_equal(run(stopped_from_elsewhere, &cleaned), ERR_IO);
    assert_true(cleaned);
}

static err waits_for_nothing(void *arg)
{
    struct os_waitq queue = { 0 };
    (void)arg;
    return os_wait(&queue);
}

static struct os_mailbox box;

static err reads_box(void *arg)
{
    void *item;
    (void)arg;
    return os_mailbox_take(&box, &item);
}

static err deadlocks(void *arg)
{
    struct os_fiber *f;
    void *slot;
    os_mailbox_init(&box, &slot, 1);
    TRY(os_spawn(NULL, reads_box, arg));
    TRY(os_spawn(&f, waits_for_nothing, arg));
    os_set_name(f, "the second");
    return os_join(f);
}

static void a_deadlock_is_told_and_ends_the_program(void **state)
{
    (void)state;
    int status = in_child(deadlocks, NULL);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_said("os: deadlock: every fiber waits and nothing can wake one:");
    assert_said("  main: os_join\n");
    assert_said("  reads_box: os_mailbox_take\n");
    assert_said("  the second: os_wait\n");
    assert_said("result: deadlock");
}

static err deadlocks_shielded(void *arg)
{
    OS_SHIELD
    {
        return waits_for_nothing(arg);
    }
    return OK;
}

static void a_shielded_deadlock_ends_too(void **state)
{
    (void)state;
    int status = in_child(deadlocks_shielded, NULL);
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_said("1 fibers did not end in time:");
    assert_said("result: deadlock");
}

static err ignores_everything(void *arg)
{
    (void)arg;
    for (;;)
        IGNORE(os_yield());
    return OK;
}

static err leaves_a_stubborn_one(void *arg)
{
    (void)arg;
    return os_spawn(NULL, ignores_everything, NULL);
}

static void who_never_ends_is_abandoned(void **state)
{
    (void)state;
    os_time start = os_now();
    int status = in_child(leaves_a_stubborn_one, NULL);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_said("ignores_everything: ready, cancelled");
    assert_true(os_now() - start >= OS_GRACE);
}

static err waits_for_a_signal(void *arg)
{
    log_info("waiting");
    err e = cleans_up(arg);
    log_info("cleaned %d, %s", cleaned, err_string(e));
    return e;
}

static void signals_end_the_program_cleanly(void **state)
{
    static const int interrupt[] = { SIGINT, 0 }, terminate[] = { SIGTERM, 0 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        int status = in_child(waits_for_a_signal, i == 0 ? interrupt : terminate);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_said("cleaned 1, cancelled");
        assert_said("result: success");
    }
}

static err spins_for_a_signal(void *arg)
{
    (void)arg;
    log_info("spinning");
    while (os_yield() == OK)
        ;
    return os_check();
}

static void signals_reach_a_busy_program(void **state)
{
    static const int interrupt[] = { SIGINT, 0 };
    (void)state;
    int status = in_child(spins_for_a_signal, interrupt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static err computes_for_ever(void *arg)
{
    volatile int forever = 1;
    (void)arg;
    log_info("computing");
    os_now();
    /* Each line tells the test that it may send the next signal. */
    for (long i = 0; forever; i++)
        if (i == 200000000)
            log_info("still computing");
    return OK;
}

static void the_second_signal_ends_at_once(void **state)
{
    static const int twice[] = { SIGTERM, SIGINT, 0 };
    (void)state;
    int status = in_child(computes_for_ever, twice);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static void on_alarm(int number)
{
    (void)number;
}

static err is_interrupted(void *arg)
{
    os_time start = os_now();
    (void)arg;
    struct sigaction action = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &action, NULL);
    ualarm(2000, 2000);
    CHECK_EQUAL(os_sleep_until(start + MILLISECONDS(15)), OK);
    ualarm(0, 0);
    CHECK(os_now() - start >= MILLISECONDS(15));
    return OK;
}

static void other_signals_only_interrupt_the_wait(void **state)
{
    (void)state;
    assert_int_equal(run(is_interrupted, NULL), OK);
}

static err writes_to_nobody(void *arg)
{
    int ends[2];
    (void)arg;
    CHECK_EQUAL(pipe(ends), 0);
    close(ends[0]);
    CHECK_EQUAL(write(ends[1], "x", 1), -1);
    close(ends[1]);
    return OK;
}

static void a_broken_pipe_is_an_error_of_the_write(void **state)
{
    (void)state;
    assert_int_equal(run(writes_to_nobody, NULL), OK);
}

static err suspends_where_it_must_not(void *arg)
{
    (void)arg;
    os_no_suspend
    {
        os_sleep(1);
    }
    return OK;
}

static void suspending_within_no_suspend_aborts(void **state)
{
    (void)state;
    if (!DEBUG_BUILD)
        skip();
    assert_aborted(in_child(suspends_where_it_must_not, NULL));
    assert_said("panic: os_sleep within os_no_suspend of ");
    assert_said("test_run.c:");
}

static void sleep_in_callback(void *arg)
{
    (void)arg;
    os_sleep(1);
}

static err suspends_in_a_callback(void *arg)
{
    static struct os_timer timer = OS_TIMER_INIT(sleep_in_callback, NULL);
    (void)arg;
    TRY(os_timer_set(&timer, 1));
    os_sleep(HOURS(1));
    return OK;
}

static void suspending_in_a_callback_aborts(void **state)
{
    (void)state;
    if (!DEBUG_BUILD)
        skip();
    assert_aborted(in_child(suspends_in_a_callback, NULL));
    assert_said("panic: os_sleep on the scheduler's stack: callbacks and main must not suspend");
}

static __attribute__((noinline)) int endless(int depth)
{
    volatile char frame[512];
    frame[0] = (char)depth;
    if (depth < 0)
        return 0;
    return endless(depth + 1) + frame[0];
}

static err recurses(void *arg)
{
    (void)arg;
    return endless(0) == 0 ? OK : ERR_IO;
}

static err overflows(void *arg)
{
    struct os_fiber *f[3];
    (void)arg;
    TRY(os_spawn(&f[0], cleans_up, NULL));
    TRY(os_spawn(&f[1], recurses, NULL));
    TRY(os_yield());
    return OK;
}

static void a_stack_overflow_hits_the_guard(void **state)
{
    (void)state;
    int status = in_child(overflows, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_said("fiber recurses overflowed its stack of ");
}

/* Locals that are larger than the stack and its guard, of which only the lowest byte is written. */
static __attribute__((noinline)) void write_one(volatile char *lowest)
{
    *lowest = 1;
}

static err takes_300k(void *arg)
{
    char local[300 << 10];
    (void)arg;
    write_one(local);
    return OK;
}

static err takes_a_megabyte(void *arg)
{
    volatile size_t size = 1 << 20;
    (void)arg;
    write_one(alloca(size));
    return OK;
}

static err takes_an_array(void *arg)
{
    volatile size_t size = 300000;
    char local[size];
    (void)arg;
    write_one(local);
    return OK;
}

static os_entry jumper;

static err spawns_neighbours(void *arg)
{
    struct os_fiber *below, *fiber;
    (void)arg;
    TRY(os_spawn(&below, cleans_up, NULL));
    TRY(os_yield());
    TRY(os_spawn(&fiber, jumper, NULL));
    return os_join(fiber);
}

static void a_guard_is_not_jumped_over(void **state)
{
    static const os_entry jumps[] = { takes_300k, takes_a_megabyte, takes_an_array };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
        jumper = jumps[i];
        int status = in_child(spawns_neighbours, NULL);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSEGV);
        assert_said("fiber jumper overflowed its stack of ");
    }
}

/* Write below the frame to just past the stack's end, as one more frame would. */
static err overruns(void *arg)
{
    volatile char *frame = __builtin_frame_address(0);
    (void)arg;
    for (size_t at = 1024; at < 16384 + 64; at += 8)
        frame[-(ptrdiff_t)at] = 1;
    return os_yield();
}

static err spawns_overrun(void *arg)
{
    struct os_fiber *f;
    IGNORE(os_set_stack_size(16384));
    TRY(os_spawn(&f, overruns, arg));
    return os_join(f);
}

/* This test runs first, because only a fresh process can choose its stacks. */
static void older_kernels_have_guards_too(void **state)
{
    (void)state;
    posix_guard = POSIX_GUARD_MPROTECT;
    int status = in_child(spawns_overrun, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_said("fiber overruns overflowed its stack of 16384 bytes");
    posix_guard = POSIX_GUARD_MADVISE;
}

static void without_guards_a_canary_tells(void **state)
{
    (void)state;
    if (!DEBUG_BUILD)
        skip();
    posix_guard = POSIX_GUARD_NONE;
    assert_aborted(in_child(spawns_overrun, NULL));
    assert_said("panic: fiber overruns overran its stack of 16384 bytes");
    posix_guard = POSIX_GUARD_MADVISE;
}

static err reads_entropy(void *arg)
{
    uint8_t a[64] = { 0 }, b[64] = { 0 };
    (void)arg;
    CHECK_EQUAL(os_entropy(a, sizeof a), OK);
    CHECK_EQUAL(os_entropy(b, sizeof b), OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(platform_wall() > SECONDS(1700000000));
    return OK;
}

static void entropy_and_clocks(void **state)
{
    (void)state;
    assert_int_equal(run(reads_entropy, NULL), OK);
}

static err reads_console(void *arg)
{
    char text[16];
    size_t len;
    int writer = *(int *)arg;
    OS_DEADLINE(os_now() + MILLISECONDS(2))
    {
        CHECK_EQUAL(platform_console_read(text, sizeof text, &len), ERR_TIMEOUT);
    }
    if (fork() == 0) {
        usleep(2000);
        _exit(write(writer, "hello world", 11) != 11);
    }
    close(writer);
    CHECK_EQUAL(platform_console_read(text, 6, &len), OK);
    CHECK_EQUAL(len, 6);
    CHECK_EQUAL(platform_console_read(text, sizeof text, &len), OK);
    CHECK_EQUAL(len, 5);
    CHECK(memcmp(text, "world", 5) == 0);
    CHECK_EQUAL(platform_console_read(text, sizeof text, &len), ERR_END);
    CHECK_EQUAL(platform_console_read(text, sizeof text, &len), ERR_END);
    wait(NULL);
    return failed_checks == 0 ? OK : ERR_IO;
}

static err with_a_pipe_as_input(void *arg)
{
    int ends[2], writer;
    arg = &writer;
    if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) < 0)
        return ERR_IO;
    close(ends[0]);
    *(int *)arg = ends[1];
    return reads_console(arg);
}

static err with_a_file_as_input(void *arg)
{
    char text[16];
    size_t len;
    (void)arg;
    int fd = open("/dev/null", O_RDONLY);
    dup2(fd, STDIN_FILENO);
    CHECK_EQUAL(platform_console_read(text, sizeof text, &len), ERR_END);
    FILE *file = tmpfile();
    if (file == NULL)
        return ERR_IO;
    fputs("line", file);
    rewind(file);
    dup2(fileno(file), STDIN_FILENO);
    CHECK_EQUAL(platform_console_read(text, sizeof text, &len), OK);
    CHECK_EQUAL(len, 4);
    CHECK_EQUAL(platform_console_read(text, sizeof text, &len), ERR_END);
    return failed_checks == 0 ? OK : ERR_IO;
}

static void the_console_reads(void **state)
{
    (void)state;
    if (in_child(with_a_pipe_as_input, NULL) != 0)
        fail_msg("%s", output);
    if (in_child(with_a_file_as_input, NULL) != 0)
        fail_msg("%s", output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_kernels_have_guards_too),
        cmocka_unit_test(without_guards_a_canary_tells),
        cmocka_unit_test(the_first_fiber_is_the_program),
        cmocka_unit_test(fibers_left_over_are_cancelled),
        cmocka_unit_test(stopping_lets_the_first_fiber_clean_up),
        cmocka_unit_test(a_deadlock_is_told_and_ends_the_program),
        cmocka_unit_test(a_shielded_deadlock_ends_too),
        cmocka_unit_test(who_never_ends_is_abandoned),
        cmocka_unit_test(signals_end_the_program_cleanly),
        cmocka_unit_test(signals_reach_a_busy_program),
        cmocka_unit_test(the_second_signal_ends_at_once),
        cmocka_unit_test(other_signals_only_interrupt_the_wait),
        cmocka_unit_test(a_broken_pipe_is_an_error_of_the_write),
        cmocka_unit_test(suspending_within_no_suspend_aborts),
        cmocka_unit_test(suspending_in_a_callback_aborts),
        cmocka_unit_test(a_stack_overflow_hits_the_guard),
        cmocka_unit_test(a_guard_is_not_jumped_over),
        cmocka_unit_test(entropy_and_clocks),
        cmocka_unit_test(the_console_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
