// expect: early_exit.c:8: error: the configuration ended the program here: config must return
#include <mirage/config.h>
#include <stdlib.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    exit(0);
    register_job("hello", apply(hello, default_console()));
}
