#include <mirage/functor.h>

#include <stdlib.h>

#include "layers.h"

MODULE(GROUND, ground);
KEY_INT(level, 0, -11034, 8849, "height above the sea");

struct ground {
    int height;
};

IO err ground_connect(struct ground **out)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->height = (int)key_level;
    return OK;
}

IO void ground_disconnect(struct ground *ground)
{
    free(ground);
}

int ground_height(struct ground *ground)
{
    return ground->height;
}
