#include <mirage/functor.h>

PARAM(STACK, stack);
MODULE(JOB, job);

IO err job_start(struct stack *stack)
{
    (void)stack;
    return OK;
}
