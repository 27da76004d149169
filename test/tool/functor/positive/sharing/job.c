#include <mirage/functor.h>

#include <stdio.h>

#include "layers.h"

PARAM(HOUSE, house);
PARAM(HOUSE, cave);
MODULE(JOB, job);

void house_wall_on_knock(void *ctx, int times)
{
    printf("%s knocks %d\n", (const char *)ctx, times);
}

void cave_wall_on_knock(void *ctx, int times)
{
    printf("%s knocks %d\n", (const char *)ctx, times);
}

IO err job_start(struct house *house, struct cave *cave)
{
    char in_house[] = "house", in_cave[] = "cave";
    house_wall_listen(house_get_wall(house), in_house);
    cave_wall_listen(cave_get_wall(cave), in_cave);
    printf("house %d\n", house_wall_top(house_get_wall(house), house_get_ground(house)));
    printf("cave %d\n", cave_wall_top(cave_get_wall(cave), cave_get_ground(cave)));
    printf("ground %d %d\n", house_ground_height(house_get_ground(house)), cave_ground_height(cave_get_ground(cave)));
    return OK;
}
