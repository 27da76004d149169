#include <mirage/config.h>

config_type(ABACUS);

void config(void)
{
    functor(ABACUS) abacus = foreign("abacus", ABACUS);
    functor(JOB, ABACUS, ABACUS) job = foreign("job.c", JOB, ABACUS, ABACUS);

    register_job("job", apply(job, apply(abacus), named(apply(set_int(abacus, "base", 1000)), "high")));
}
