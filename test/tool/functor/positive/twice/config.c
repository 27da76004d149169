#include <mirage/config.h>

config_type(SOURCE);

void config(void)
{
    functor(SOURCE) counter = foreign("counter.c", SOURCE);
    functor(SOURCE, SOURCE) doubler = foreign("doubler.c", SOURCE, SOURCE);
    functor(JOB, SOURCE, SOURCE, SOURCE, SOURCE) job = foreign("job.c", JOB, SOURCE, SOURCE, SOURCE, SOURCE);
    SOURCE one = apply(set_int(counter, "start", 1)), hundred = apply(set_int(counter, "start", 100));
    SOURCE ones = apply(doubler, one), nested = apply(doubler, ones), again = apply(doubler, one);

    register_job("job", apply(job, ones, apply(doubler, hundred), nested, again));
}
