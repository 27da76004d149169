#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, STACK) app_info = foreign("unikernel.c", JOB, CONSOLE, STACK);
    register_job("app-info", apply(app_info, default_console(), generic_stack()));
}
