#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_INT(times, 1, 9, 0, "how often");

IO err shout_start(void)
{
    return key_times == 0 ? ERR_INVALID : OK;
}
