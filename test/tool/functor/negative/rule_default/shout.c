#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_INT(times, 1, 0, 9, "how often");
KEY_STRING(text, "x", "what");
KEY_RULE(KEY_CONSTANT(times) % 2 == 0, "times is even");

IO err shout_start(void)
{
    return key_times == 0 || key_text[0] == '\0' ? ERR_INVALID : OK;
}
