#include <mirage/config.h>

void config(void)
{
    functor(JOB) shout = foreign("shout.c", JOB);
    INT_KEY often = key_int("often", -2, "how often it says it");

    register_job("one", apply(set_int(shout, "times", often)));
}
