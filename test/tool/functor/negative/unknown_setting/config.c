#include <mirage/config.h>

config_type(BELL);

void config(void)
{
    functor(BELL) brass = foreign("brass.c", BELL);
    functor(JOB, BELL) job = foreign("job.c", JOB, BELL);

    register_job("job", apply(job, apply(set_string(brass, "noise", "ding"))));
}
