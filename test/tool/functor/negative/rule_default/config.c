#include <mirage/config.h>

void config(void)
{
    functor(JOB) shout = foreign("shout.c", JOB);

    register_job("one", apply(shout));
}
