/* Randomness by the platform's entropy, asked for each number: for targets where that is cheap. */
#include <mirage/functor.h>
#include <platform/platform.h>

#include <stdlib.h>

MODULE(RANDOM, random_entropy);

struct random_entropy {
    uint64_t drawn; /* bytes */
};

/* A program that goes on without randomness would give its keys away. */
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

uint64_t random_entropy_u64(struct random_entropy *random)
{
    uint64_t number;

    must_draw(random, &number, sizeof number);
    return number;
}

/*
 * The high half of number * bound is nearly uniform; the few products whose low half falls
 * below 2^32 mod bound would be one too many for their result, and are drawn again.
 */
uint32_t random_entropy_below(struct random_entropy *random, uint32_t bound)
{
    uint64_t product;
    uint32_t number;

    do {
        must_draw(random, &number, sizeof number);
        product = (uint64_t)number * bound;
    } while ((uint32_t)product < bound && (uint32_t)product < -bound % bound);
    return (uint32_t)(product >> 32);
}
