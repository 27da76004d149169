// gcc: functor_of_none.c:8:9: error: initialization of 'JOB (*)(CONSOLE)' from incompatible pointer type 'JOB (*)(void)'
// clang: functor_of_none.c:7: 'JOB (*)(CONSOLE)' 'JOB (*)(void)'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello =
        foreign("../modules/hello.c", JOB);
    register_job("hello", apply(hello, default_console()));
}
