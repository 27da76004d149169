// gcc: missing_argument.c:8:27: error: too few arguments to function 'hello'
// clang: missing_argument.c:8: 
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello));
}
