// expect: no_job.c:5: error: no job is registered: config must say register_job("name", job) at least once
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    JOB job = apply(hello, default_console());
    (void)job;
}
