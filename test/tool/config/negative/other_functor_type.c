// gcc: other_functor_type.c:7:43: error: initialization of 'JOB (*)(CONSOLE, PCLOCK)' from incompatible pointer type 'JOB (*)(CONSOLE)'
// clang: other_functor_type.c:7: 'JOB (*)(CONSOLE, PCLOCK)' 'JOB (*)(CONSOLE)'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE, PCLOCK) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console(), default_pclock()));
}
