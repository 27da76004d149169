#include <mirage/config.h>

config_type(BELL);

void config(void)
{
    functor(BELL) brass = foreign("brass.c", BELL);
    functor(BELL, BELL) muffler = foreign("muffler.c", BELL, BELL);
    functor(JOB, BELL, BELL, BELL) job = foreign("job.c", JOB, BELL, BELL, BELL);
    BELL near = apply(brass), far = apply(muffler, apply(muffler, apply(set_string(brass, "sound", "clang"))));

    register_job("job", apply(job, near, far, apply(set_string(brass, "sound", "ding"))));
}
