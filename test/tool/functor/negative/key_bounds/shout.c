#include <mirage/functor.h>

MODULE(JOB, shout);

enum { MOST = 9 };

KEY_INT(times, 1, 0, MOST, "how often");

IO err shout_start(void)
{
    return key_times == 0 ? ERR_INVALID : OK;
}
