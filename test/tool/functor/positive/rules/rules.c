#include <mirage/functor.h>

#include <inttypes.h>
#include <stdio.h>

#define UNIT 16

MODULE(JOB, rules);
KEY_INT(size, 32, 1, 1 << 20, "bytes");
KEY_BOOL(whole, true, "in whole units");

/* As C computes it: what binds tighter, brackets, signs, and each operator. */
KEY_RULE(!KEY_CONSTANT(whole) || KEY_CONSTANT(size) % UNIT == 0, "bytes in whole units");
KEY_RULE(KEY_CONSTANT(size) - 8 - 8 <= (1 << 20) - 16 && KEY_CONSTANT(size) >= 2 * 3 + 4, "near the bounds");
KEY_RULE(2 + 3 * 4 == 14 && (2 + 3) * 4 == 20 && 7 / 2 == 3 && KEY_CONSTANT(size) > 0, "sums");
KEY_RULE((6 & 3) == 2 && (6 | 1) == 7 && (6 ^ 3) == 5 && 1 << 3 >> 1 == 4 && -KEY_CONSTANT(size) < 0, "bits");
KEY_RULE((KEY_CONSTANT(size) != 7) == (KEY_CONSTANT(size) < 7 || KEY_CONSTANT(size) > 7), "comparisons");

IO err rules_start(void)
{
    printf("%" PRId64 "\n", key_size);
    return OK;
}
