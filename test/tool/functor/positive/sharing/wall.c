#include <mirage/functor.h>

#include <stdlib.h>

#include "layers.h"

PARAM(GROUND, ground);
MODULE(WALL_ON, wall, ground);

struct wall {
    int height;
    void *ctx;
};

IO err wall_connect(struct wall **out, struct ground *ground)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->height = 3 + 0 * ground_height(ground);
    return OK;
}

IO void wall_disconnect(struct wall *wall)
{
    free(wall);
}

int wall_top(struct wall *wall, struct ground *ground)
{
    wall_on_knock(wall->ctx, 1);
    return ground_height(ground) + wall->height;
}

void wall_listen(struct wall *wall, void *ctx)
{
    wall->ctx = ctx;
}
