// gcc: job_that_is_none.c:7:27: error: passing argument 2 of 'register_job' from incompatible pointer type: expected 'JOB' but argument is of type 'CONSOLE'
// clang: job_that_is_none.c:7: 'CONSOLE' 'JOB'
#include <mirage/config.h>

void config(void)
{
    register_job("hello", default_console());
}
