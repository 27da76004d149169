#include <mirage/config.h>

void config(void)
{
    functor(JOB, CHIME) ring = foreign("ring.c", JOB, CHIME);

    register_job("text", apply(ring, chime_text(default_console())));
    register_job("bell", apply(ring, chime_bell()));
}
