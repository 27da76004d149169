/*
 * The least of a platform: virtual time that jumps to what is waited for, and the same random bytes each
 * time. Entering, stacks and the console are platform/posix's.
 */
#include <base/prng/prng.h>
#include <mirage/arg.h>
#include <platform/platform.h>

#include <stdio.h>
#include <stdlib.h>

#ifndef TOY
#error "the target's flags are missing"
#endif

ARG_STRING(toy_word, "no word", "what the platform says first");

static const char section[] __attribute__((section(".toy"), used)) = "placed by the target's script";
extern const char toy_begin[];

static struct {
    os_time now;
    struct prng random;
} toy;

err platform_start(void)
{
    const char *how = getenv("TOY");
    toy.now = SECONDS(1);
    prng_seed(&toy.random, 1);
    fprintf(stderr, "toy: %s, %s, %s\n", toy_word, toy_begin, how == NULL ? "started by hand" : how);
    return OK;
}

void platform_end(void)
{
}

os_time platform_monotonic(void)
{
    return toy.now;
}

/* Since 2026-01-01T00:00:00Z. */
os_time platform_wall(void)
{
    return SECONDS(1767225600) + toy.now;
}

void platform_wait(os_time deadline)
{
    if (deadline != OS_NEVER && deadline > toy.now)
        toy.now = deadline;
}

err platform_console_read(void *out, size_t size, size_t *len)
{
    (void)out, (void)size, (void)len;
    return ERR_END;
}

err platform_device(const char *kind, const char *name, intptr_t *handle)
{
    (void)kind, (void)name, (void)handle;
    return ERR_NOT_FOUND;
}

err platform_entropy(void *out, size_t len)
{
    for (uint8_t *to = out; len > 0; len--)
        *to++ = (uint8_t)prng_u64(&toy.random);
    return OK;
}

const char *platform_replay(void)
{
    return "";
}
