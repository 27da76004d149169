// gcc: unknown_type.c:7:18: error: unknown type name 'CONSOL'; did you mean 'CONSOLE'?
// clang: unknown_type.c:7: 
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOL) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
}
