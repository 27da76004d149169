/*
 * Standard output and error, whose readers may be slower than the program, or not read at all. While the loop
 * runs, nothing here waits for them. What they do not take stays in a queue, which the loop's wait empties,
 * and what does not fit into the queue is dropped and counted.
 */
#include "linux.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <mirage/log.h>

#include "output.h"

LOG_SOURCE(console);

#define QUEUE_SIZE ((size_t)64 << 10)

/* How long the program waits for a reader where no loop runs. */
#define PATIENCE SECONDS(1)

struct stream {
    bool open;
    struct linux_output output;
    struct linux_fd wait; /* the output's descriptor, when it was full once */
    bool registered;
    bool stalled;  /* its reader let PATIENCE pass */
    uint64_t lost; /* writes, since they were last told */
    size_t first, used;
    char queue[QUEUE_SIZE]; /* a ring */
};

static struct {
    bool running, has_run;
    struct stream streams[2]; /* by enum platform_stream */
} console;

static int descriptor_of(const struct stream *s)
{
    return s == &console.streams[PLATFORM_OUT] ? STDOUT_FILENO : STDERR_FILENO;
}

/* Where no loop runs, the descriptor is used as it is. */
static bool open_stream(struct stream *s)
{
    if (!console.running)
        s->output = (struct linux_output){ descriptor_of(s), LINUX_OUTPUT_POLLED };
    else if (!s->open)
        s->open = linux_output_open(&s->output, descriptor_of(s)) == OK;
    return s->open || !console.running;
}

/* Write what there is room for. Returns how much was written; bytes that nobody will ever take count too. */
static size_t write_some(struct stream *s, const char *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = linux_output_write(&s->output, data + done, len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            s->lost++;
            return len;
        }
    }
    return done;
}

static void write_queued(struct stream *s)
{
    while (s->used > 0) {
        size_t run = QUEUE_SIZE - s->first < s->used ? QUEUE_SIZE - s->first : s->used;
        size_t n = write_some(s, s->queue + s->first, run);
        s->first = (s->first + n) % QUEUE_SIZE;
        s->used -= n;
        if (n < run)
            return;
    }
}

/* Put these bytes into the queue: all of them or none. */
static void enqueue(struct stream *s, const char *data, size_t len)
{
    if (len > QUEUE_SIZE - s->used) {
        s->lost++;
        return;
    }
    size_t last = (s->first + s->used) % QUEUE_SIZE;
    size_t run = QUEUE_SIZE - last < len ? QUEUE_SIZE - last : len;
    memcpy(s->queue + last, data, run);
    memcpy(s->queue, data + run, len - run);
    s->used += len;
    if (!s->registered)
        s->registered = linux_fd_open(&s->wait, s->output.fd, LINUX_FD_STREAM) == OK;
    if (s->registered)
        linux_fd_full(&s->wait);
}

/* Tell of what was lost, once there is room again. */
static void tell_lost(struct stream *s)
{
    uint64_t lost = s->lost;
    if (lost == 0 || s->used > 0)
        return;
    s->lost = 0;
    log_always(LOG_LEVEL_WARNING,
               "lost to standard %s, which nobody read or which was full: %" PRIu64 " write%s",
               descriptor_of(s) == STDOUT_FILENO ? "output" : "error", lost, lost == 1 ? "" : "s");
}

void linux_console_drain(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct stream *s = &console.streams[i];
        if (s->used == 0 || (s->registered && !s->wait.writable))
            continue;
        write_queued(s);
        if (s->used > 0 && s->registered)
            linux_fd_full(&s->wait);
        tell_lost(s);
    }
}

/* Write the queue and then these bytes, and wait for room until the time comes. */
static void write_until(struct stream *s, const char *data, size_t len, os_time until)
{
    for (;;) {
        write_queued(s);
        if (s->used == 0) {
            size_t n = write_some(s, data, len);
            data += n;
            len -= n;
        }
        if (s->used == 0 && len == 0)
            return;
        os_time left = until == OS_NEVER ? OS_NEVER : until - platform_monotonic();
        if (left <= 0)
            break;
        int timeout = left == OS_NEVER ? -1 : (int)(left / MILLISECONDS(1)) + 1;
        poll(&(struct pollfd){ .fd = s->output.fd, .events = POLLOUT }, 1, timeout);
    }
    s->stalled = true;
    s->lost += len > 0;
}

void platform_console_write(enum platform_stream stream, const void *data, size_t len)
{
    struct stream *s = &console.streams[stream];
    uint64_t lost = s->lost;
    if (!open_stream(s))
        return;
    if (!console.running) {
        os_time until = s->stalled ? 0 : platform_monotonic() + PATIENCE;
        write_until(s, data, len, stream == PLATFORM_OUT && !console.has_run ? OS_NEVER : until);
        return;
    }
    write_queued(s);
    size_t done = s->used == 0 ? write_some(s, data, len) : 0;
    if (done < len)
        enqueue(s, (const char *)data + done, len - done);
    else if (s->lost == lost)
        tell_lost(s);
}

void platform_console_flush(void)
{
    os_time until = platform_monotonic() + PATIENCE;
    for (size_t i = 0; i < 2; i++)
        if (console.streams[i].used > 0)
            write_until(&console.streams[i], NULL, 0, console.streams[i].stalled ? 0 : until);
}

void linux_console_start(void)
{
    console.running = console.has_run = true;
    console.streams[PLATFORM_OUT].stalled = console.streams[PLATFORM_LOG].stalled = false;
}

void linux_console_end(void)
{
    platform_console_flush();
    console.running = false;
    for (size_t i = 0; i < 2; i++) {
        struct stream *s = &console.streams[i];
        if (s->registered)
            linux_fd_close(&s->wait);
        else if (s->open)
            close(s->output.fd);
        /* What the reader has not taken by now is given up. */
        s->lost += s->used > 0;
        s->first = s->used = 0;
        s->open = s->registered = false;
        tell_lost(s);
    }
}
