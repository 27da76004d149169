#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_INT(times, 10, 0, 9, "how often");

IO err shout_start(void)
{
    return key_times == 0 ? ERR_INVALID : OK;
}
