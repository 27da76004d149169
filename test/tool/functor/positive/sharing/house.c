/* The wall and the ground of a house are the ones it was given: no operation of theirs is wrapped. */
#include <mirage/functor.h>

#include <stdlib.h>

#include "layers.h"

PARAM(GROUND, ground);
PARAM(WALL_ON, wall, ground);
MODULE(HOUSE_ON, house, ground, wall);

struct house {
    struct ground *ground;
    struct wall *wall;
};

IO err house_connect(struct house **out, struct ground *ground, struct wall *wall)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->ground = ground;
    (*out)->wall = wall;
    return OK;
}

IO void house_disconnect(struct house *house)
{
    free(house);
}

struct ground *house_get_ground(struct house *house)
{
    return house->ground;
}

struct wall *house_get_wall(struct house *house)
{
    return house->wall;
}
