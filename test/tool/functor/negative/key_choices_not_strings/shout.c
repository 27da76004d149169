#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_ENUM(mark, "one", "what stands behind it", "one", 2);

IO err shout_start(void)
{
    return key_mark[0] == 0 ? ERR_INVALID : OK;
}
