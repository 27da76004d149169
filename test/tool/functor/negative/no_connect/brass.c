#include <mirage/functor.h>

#include <stdlib.h>

#include "bells.h"

MODULE(BELL, brass);
KEY_STRING(sound, "dong", "what it says");

struct brass {
    void *ctx;
};

IO void brass_disconnect(struct brass *brass)
{
    free(brass);
}

void brass_listen(struct brass *brass, void *ctx)
{
    brass->ctx = ctx;
}

void brass_ring(struct brass *brass, int times)
{
    while (times-- > 0)
        brass_on_ring(brass->ctx, buf_copy(key_sound, sizeof key_sound - 1));
}
