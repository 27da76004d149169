#include <mirage/config.h>

config_type(GROUND);
config_type(WALL);

void config(void)
{
    functor(GROUND) ground = foreign("ground.c", GROUND);
    functor(WALL, GROUND) wall = foreign("wall.c", WALL, GROUND);
    functor(JOB, WALL) job = foreign("job.c", JOB, WALL);

    register_job("job", apply(job, apply(wall, apply(ground))));
}
