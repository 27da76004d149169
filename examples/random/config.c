#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, RANDOM) dice = foreign("unikernel.c", JOB, CONSOLE, RANDOM);
    register_job("dice", apply(dice, default_console(), default_random()));
}
