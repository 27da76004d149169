#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_INT(times, 1, 0, 9, "how often");
KEY_STRING(text, "x", "what");
enum { MOST = 9 };
KEY_RULE(KEY_CONSTANT(times) < MOST, "times is small");

IO err shout_start(void)
{
    return key_times == 0 || key_text[0] == '\0' ? ERR_INVALID : OK;
}
