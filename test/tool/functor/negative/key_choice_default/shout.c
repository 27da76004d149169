#include <mirage/functor.h>

MODULE(JOB, shout);

KEY_ENUM(mark, "!!", "the mark that it ends with", "!", "?");

IO err shout_start(void)
{
    return key_mark[0] == 0 ? ERR_INVALID : OK;
}
