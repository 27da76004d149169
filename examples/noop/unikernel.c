#include <mirage/functor.h>

MODULE(JOB, noop);

IO err noop_start(void)
{
    return OK;
}
