// expect: two_jobs.c:8: error: there are two jobs named 'hello': the other is registered on line 7
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
    register_job("hello", apply(hello, named(default_console(), "second")));
}
