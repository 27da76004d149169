// expect: abort.c:8: error: the configuration crashed here: Aborted
#include <mirage/config.h>
#include <stdlib.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    abort();
    register_job("hello", apply(hello, default_console()));
}
