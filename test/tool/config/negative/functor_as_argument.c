// gcc: functor_as_argument.c:8:40: error: passing argument 1 of 'hello' from incompatible pointer type: expected 'CONSOLE' but argument is of type 'JOB (*)(CONSOLE)'
// clang: functor_as_argument.c:8: 'JOB (*)(CONSOLE)' 'CONSOLE'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, hello));
}
