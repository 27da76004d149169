// limit: 2500
// expect: endless_loop.c:9: error: the configuration was still running here after 2.5 s: is this an endless loop?
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    CONSOLE console = default_console();
    while (hello != NULL)
        ;
    register_job("hello", apply(hello, console));
}
