/* A BELL over a BELL: it takes the event of the one below and raises its own. */
#include <mirage/functor.h>

#include <stdlib.h>

#include "bells.h"

PARAM(BELL, loud);
MODULE(BELL, muffler);

struct muffler {
    struct loud *loud;
    void *ctx;
};

IO err muffler_connect(struct muffler **out, struct loud *loud)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->loud = loud;
    loud_listen(loud, *out);
    return OK;
}

IO void muffler_disconnect(struct muffler *muffler)
{
    loud_listen(muffler->loud, NULL);
    free(muffler);
}

void muffler_listen(struct muffler *muffler, void *ctx)
{
    muffler->ctx = ctx;
}

void muffler_ring(struct muffler *muffler, int times)
{
    loud_ring(muffler->loud, times);
}

void loud_on_ring(void *ctx, struct buf *sound)
{
    struct muffler *muffler = ctx;
    buf_truncate(sound, 2);
    muffler_on_ring(muffler->ctx, sound);
}
