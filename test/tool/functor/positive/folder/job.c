#include <mirage/functor.h>

#include <stdio.h>

#include "abacus.h"

PARAM(ABACUS, plain);
PARAM(ABACUS, high);
MODULE(JOB, job);

IO err job_start(struct plain *plain, struct high *high)
{
    printf("%d %d\n", plain_sum(plain, 4), high_sum(high, 4));
    return OK;
}
