#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_INT(times, 1, 0, INT64_MAX, "how often");

IO err shout_start(void)
{
    return key_times == 0 ? ERR_INVALID : OK;
}
