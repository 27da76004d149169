/* Randomness from the platform's entropy, which is asked for each number. For targets where that is cheap. */
#include <mirage/functor.h>
#include <platform/platform.h>
#include <base/random/below.h>

#include <stdlib.h>

MODULE(RANDOM, random_entropy);

struct random_entropy {
    uint64_t drawn; /* bytes */
};

/* A program that continued without randomness would give its keys away. */
static void must_draw(struct random_entropy *random, void *out, size_t len)
{
    if (os_entropy(out, len) != OK) {
        platform_panic("the platform has stopped giving random bytes");
    }
    random->drawn += len;
}

IO err random_entropy_connect(struct random_entropy **out)
{
    uint8_t probe[8];

    TRY(os_entropy(probe, sizeof probe));
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void random_entropy_disconnect(struct random_entropy *random)
{
    free(random);
}

void random_entropy_fill(struct random_entropy *random, void *out, size_t len)
{
    must_draw(random, out, len);
}

RANDOM_BY_FILL(random_entropy)
