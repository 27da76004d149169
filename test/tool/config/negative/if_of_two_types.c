// gcc: if_of_two_types.c:9:23: error: initialization of 'CONSOLE' from incompatible pointer type 'PCLOCK'
// clang: if_of_two_types.c:9: 'CONSOLE' 'PCLOCK'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    BOOL_KEY quiet = key_bool("quiet", false, "say less");
    CONSOLE console = if_impl(quiet, default_console(), default_pclock());
    register_job("hello", apply(hello, console));
}
