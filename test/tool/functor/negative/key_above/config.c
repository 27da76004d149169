#include <mirage/config.h>

void config(void)
{
    functor(JOB) shout = foreign("shout.c", JOB);

    register_job("one", named(apply(set_int(shout, "times", 15)), "loudest"));
}
