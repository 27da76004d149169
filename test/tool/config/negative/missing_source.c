// expect: missing_source.c:6: error: there is no file or folder '../modules/helo.c'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/helo.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
}
