// gcc: extra_argument.c:8:27: error: too many arguments to function 'hello'
// clang: extra_argument.c:8: 
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console(), default_pclock()));
}
