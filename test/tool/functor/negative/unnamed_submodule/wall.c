#include <mirage/functor.h>

#include <stdlib.h>

#include "layers.h"

PARAM(GROUND, ground);
MODULE(WALL_ON, wall, floor);

struct wall {
    void *ctx;
};

IO err wall_connect(struct wall **out, struct ground *ground)
{
    (void)ground;
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void wall_disconnect(struct wall *wall)
{
    free(wall);
}

int wall_top(struct wall *wall, struct floor *floor)
{
    (void)wall;
    return floor_height(floor);
}

void wall_listen(struct wall *wall, void *ctx)
{
    wall->ctx = ctx;
}
