// expect: crash.c:9: error: the configuration crashed here: Segmentation fault
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    int *nowhere = NULL;
    CONSOLE console = default_console();
    *nowhere = 1;
    register_job("hello", apply(hello, console));
}
