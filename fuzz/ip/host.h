/*
 * The base of the protocols' fuzzers: the runtime on the platform sim, buffers of the fuzzer's input in
 * several views, and the check that a run leaves no buffer and no timer.
 */
#ifndef FUZZ_IP_HOST_H
#define FUZZ_IP_HOST_H

#include <mirage/functor.h>

#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "../check.h"
#include "../input.h"

static uint64_t fuzz_random;

/* A RANDOM that gives the same numbers in every run. */
struct random {
    int unused;
};
static __attribute__((unused)) struct random fuzz_generator;

static uint64_t next_random(void)
{
    fuzz_random = fuzz_random * 6364136223846793005 + 1442695040888963407;
    return fuzz_random ^ fuzz_random >> 29;
}

uint64_t random_u64(struct random *random)
{
    (void)random;
    return next_random();
}
uint32_t random_below(struct random *random, uint32_t bound)
{
    (void)random;
    return (uint32_t)(next_random() % bound);
}
void random_fill(struct random *random, void *out, size_t len)
{
    (void)random;
    for (uint8_t *to = out; len-- > 0;)
        *to++ = (uint8_t)next_random();
}

/* A buffer whose memory ends where the message does, so that the sanitizer reports a read past it. */
static struct buf *exact(size_t len)
{
    uint8_t *memory = malloc(len);
    struct buf *b = memory != NULL ? buf_extern(memory, len, free, memory) : NULL;
    if (b == NULL)
        abort();
    return b;
}

/* A packet of the next bytes of the input: at least one, at most `len`, with `room` free bytes before it. */
static __attribute__((unused)) struct buf *take_packet(struct input *in, size_t room, size_t len)
{
    if (len > in->len)
        len = in->len;
    struct buf *b = exact(room + (len > 0 ? len : 1));
    memset(b->data, 0, b->len);
    if (len > 0)
        memcpy(b->data + room, in->data, len);
    in->data += len;
    in->len -= len;
    return b;
}

/*
 * Split the message into two views. The second one's memory may be shared with the first view, or with
 * nobody.
 */
static struct buf *split(struct buf *b, size_t at, bool shared)
{
    if (at == 0 || at >= b->len)
        return b;
    struct buf *tail = shared ? buf_slice(b, at, b->len - at) : exact(b->len - at);
    if (tail == NULL)
        abort();
    if (!shared)
        memcpy(tail->data, b->data + at, tail->len);
    buf_truncate(b, at);
    return buf_append(b, tail);
}

static err fuzz_entry(void *arg);

/* Run fuzz_entry once on a fiber and check that it leaves nothing. */
static int fuzz_run(const uint8_t *data, size_t len)
{
    struct input in = { data, len };
    struct buf_stats stats;
    struct os_stats os;

    fuzz_random = 1;
    IGNORE(log_configure("*:quiet"));
    CHECK(os_run(fuzz_entry, &in) == OK);
    buf_get_stats(&stats);
    os_get_stats(&os);
    CHECK(stats.views == 0 && os.timers == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    return fuzz_run(data, len);
}

#endif
