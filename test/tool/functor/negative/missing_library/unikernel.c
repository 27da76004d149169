#include <mirage/functor.h>

MODULE(JOB, unikernel);
LIBRARY("a-library-that-nobody-has");

IO err unikernel_start(void)
{
    return OK;
}
