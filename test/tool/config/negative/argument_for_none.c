// gcc: argument_for_none.c:8:26: error: too many arguments to function 'noop'
// clang: argument_for_none.c:8: 
#include <mirage/config.h>

void config(void)
{
    functor(JOB) noop = foreign("../modules/hello.c", JOB);
    register_job("noop", apply(noop, default_console()));
}
