// expect: null_functor.c:7: error: the functor 'hello' is NULL
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = NULL;
    register_job("hello", apply(hello, default_console()));
}
