// expect: early_quick_exit.c:8: error: the configuration ended the program after this line, the last that it reached: config must return
#include <mirage/config.h>
#include <unistd.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
    _exit(0);
}
