/* A fuzzer's input, which is taken from the front. After its end it gives zeros. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *data;
    size_t len;
};

static inline uint8_t take(struct input *in)
{
    if (in->len == 0)
        return 0;
    in->len--;
    return *in->data++;
}

static inline uint32_t take16(struct input *in)
{
    uint32_t high = take(in);
    return high << 8 | take(in);
}

/*
 * A number near the given one, a little before or after it, or any number. The byte 8 gives the number
 * itself.
 */
static inline uint32_t near(struct input *in, uint32_t number)
{
    uint8_t how = take(in);
    if (how < 128)
        return number + (uint32_t)(how - 8) * (how < 64 ? 1 : 100);
    if (how < 250)
        return number + take16(in) - (how & 1 ? 32768 : 0);
    uint32_t high = take16(in);
    return high << 16 | take16(in);
}

#endif
