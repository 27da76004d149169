#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, STACK) marked = foreign("unikernel.c", JOB, CONSOLE, STACK);
    register_job("marked", apply(marked, default_console(), generic_stack()));
}
