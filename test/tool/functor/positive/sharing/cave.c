/* A house in one piece: its ground and its wall are its own. */
#include <mirage/functor.h>

#include <stdlib.h>

#include "layers.h"

MODULE(HOUSE, cave);

struct cave_ground {
    int depth;
};

struct cave_wall {
    void *ctx;
};

struct cave {
    struct cave_ground ground;
    struct cave_wall wall;
};

IO err cave_connect(struct cave **out)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->ground.depth = 7;
    return OK;
}

IO void cave_disconnect(struct cave *cave)
{
    free(cave);
}

struct cave_ground *cave_get_ground(struct cave *cave)
{
    return &cave->ground;
}

struct cave_wall *cave_get_wall(struct cave *cave)
{
    return &cave->wall;
}

IO void cave_ground_disconnect(struct cave_ground *ground)
{
    (void)ground;
}

int cave_ground_height(struct cave_ground *ground)
{
    return -ground->depth;
}

IO void cave_wall_disconnect(struct cave_wall *wall)
{
    (void)wall;
}

int cave_wall_top(struct cave_wall *wall, struct cave_ground *ground)
{
    cave_wall_on_knock(wall->ctx, 2);
    return -ground->depth;
}

void cave_wall_listen(struct cave_wall *wall, void *ctx)
{
    wall->ctx = ctx;
}
