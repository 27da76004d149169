#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) ask = foreign("ask.c", JOB, CONSOLE);
    register_job("ask", apply(ask, default_console()));
}
