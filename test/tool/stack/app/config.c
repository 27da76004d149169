#include <mirage/config.h>

void config(void)
{
    functor(JOB) jump = foreign("jump.c", JOB);

    register_job("jump", apply(jump));
}
