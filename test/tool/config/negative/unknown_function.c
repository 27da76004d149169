// gcc: unknown_function.c:8:40: error: implicit declaration of function 'defalt_console'; did you mean 'default_console'?
// clang: unknown_function.c:8: 'defalt_console'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, defalt_console()));
}
