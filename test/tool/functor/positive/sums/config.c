#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) sums = foreign("sums.c", JOB, CONSOLE);
    CONSOLE console = default_console();
    register_job("first", apply(sums, console));
    register_job("second", apply(set_string(sums, "folder", "more"), console));
}
