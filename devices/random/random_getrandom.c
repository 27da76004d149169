/*
 * Randomness fit for keys, by getrandom(2).
 *
 * Small requests are served from a buffer, because one system call for each number would make ports and
 * sequence numbers expensive. Bytes that were given are wiped, so that memory that leaks later does not
 * reveal earlier numbers.
 */
#include <mirage/functor.h>
#include <platform/platform.h>
#include <base/random/below.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

MODULE(RANDOM, random_getrandom);
LOG_SOURCE(random);

struct random_getrandom {
    size_t used; /* bytes at the front of `pool` that were given and are zero again */
    uint8_t pool[512];
};

/* The kernel gives up to 256 bytes in one call. A longer call may be cut short by a signal. */
static err draw(void *out, size_t len)
{
    uint8_t *to = out;

    while (len) {
        ssize_t n = getrandom(to, len < 256 ? len : 256, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        to += n;
        len -= (size_t)n;
    }
    return OK;
}

/* A program that continued without randomness would give its keys away. */
static void must_draw(void *out, size_t len)
{
    if (draw(out, len) != OK)
        platform_panic("the host has stopped giving random bytes");
}

IO err random_getrandom_connect(struct random_getrandom **out)
{
    struct random_getrandom *random = malloc(sizeof *random);

    if (!random)
        return ERR_NO_MEMORY;
    if (draw(random->pool, sizeof random->pool) != OK) {
        log_error("the host gives no random bytes: %s", strerror(errno));
        free(random);
        return ERR_IO;
    }
    random->used = 0;
    *out = random;
    return OK;
}

IO void random_getrandom_disconnect(struct random_getrandom *random)
{
    explicit_bzero(random, sizeof *random);
    free(random);
}

void random_getrandom_fill(struct random_getrandom *random, void *out, size_t len)
{
    uint8_t *from;

    if (len > sizeof random->pool / 4) {
        must_draw(out, len);
        return;
    }
    if (sizeof random->pool - random->used < len) {
        must_draw(random->pool, sizeof random->pool);
        random->used = 0;
    }
    from = random->pool + random->used;
    memcpy(out, from, len);
    explicit_bzero(from, len);
    random->used += len;
}

RANDOM_BY_FILL(random_getrandom)
