// expect: not_a_module.c:8: error: argument 1 of 'hello' is not a module that this configuration made; was the variable ever set?
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    static int other;
    register_job("hello", apply(hello, (CONSOLE)&other));
}
