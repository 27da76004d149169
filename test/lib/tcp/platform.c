/*
 * A platform with a clock of its own: waiting sets it to the deadline. A run depends on nothing
 * outside, and hours pass in no time.
 */
#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <platform/platform.h>

static struct {
    os_time now;
    uint64_t entropy;
} test_platform = { .now = SECONDS(1000), .entropy = 1 };

void platform_seed(uint64_t seed)
{
    test_platform.entropy = seed;
}

uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

err platform_start(void)
{
    return OK;
}

void platform_end(void)
{
}

os_time platform_monotonic(void)
{
    return test_platform.now;
}

os_time platform_wall(void)
{
    return test_platform.now;
}

void platform_wait(os_time deadline)
{
    if (deadline != OS_NEVER && deadline > test_platform.now)
        test_platform.now = deadline;
}

bool platform_can_wake(void)
{
    return false;
}

void platform_console_write(enum platform_stream stream, const void *data, size_t len)
{
    fwrite(data, 1, len, stream == PLATFORM_OUT ? stdout : stderr);
}

err platform_console_read(void *out, size_t size, size_t *len)
{
    (void)out, (void)size, (void)len;
    return ERR_END;
}

bool platform_console_colour(enum platform_stream stream)
{
    (void)stream;
    return false;
}

void *platform_stack_alloc(size_t size, bool *guarded)
{
    *guarded = false;
    return aligned_alloc(PLATFORM_STACK_UNIT, size);
}

void platform_stack_trim(void *stack, size_t size)
{
    (void)stack, (void)size;
}

err platform_entropy(void *out, size_t len)
{
    uint8_t *to = out;
    while (len-- > 0)
        *to++ = (uint8_t)splitmix(&test_platform.entropy);
    return OK;
}

void platform_exit(int status)
{
    exit(status);
}

/* Turns of the loop end by what was done, not by the time that it took. */
const char *platform_replay(void)
{
    return "the same seed";
}
