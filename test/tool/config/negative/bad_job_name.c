// expect: bad_job_name.c:7: error: '' cannot name a job: a name is letters, digits and hyphens or underscores, and begins with a letter
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("", apply(hello, default_console()));
}
