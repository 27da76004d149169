// gcc: job_that_is_a_functor.c:8:27: error: passing argument 2 of 'register_job' from incompatible pointer type: expected 'JOB' but argument is of type 'JOB (*)(CONSOLE)'
// clang: job_that_is_a_functor.c:8: 'JOB (*)(CONSOLE)' 'JOB'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", hello);
}
