#include <mirage/config.h>

config_type(GROUND);
config_type(WALL);
config_type(HOUSE);

void config(void)
{
    functor(GROUND) ground = foreign("ground.c", GROUND);
    functor(WALL, GROUND) wall = foreign("wall.c", WALL, GROUND);
    functor(HOUSE, GROUND, WALL) house = foreign("house.c", HOUSE, GROUND, WALL);
    functor(HOUSE) cave = foreign("cave.c", HOUSE);
    functor(JOB, HOUSE, HOUSE) job = foreign("job.c", JOB, HOUSE, HOUSE);
    GROUND rock = apply(set_int(ground, "level", 100));

    register_job("job", apply(job, apply(house, rock, apply(wall, rock)), apply(cave)));
}
