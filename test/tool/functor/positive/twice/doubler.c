#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>

#include "sources.h"

PARAM(SOURCE, inner);
MODULE(SOURCE, doubler);

struct doubler {
    struct inner *inner;
    int calls;
};

IO err doubler_connect(struct doubler **out, struct inner *inner)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->inner = inner;
    printf("connect doubler\n");
    return OK;
}

IO void doubler_disconnect(struct doubler *doubler)
{
    printf("disconnect doubler\n");
    free(doubler);
}

int doubler_next(struct doubler *doubler)
{
    doubler->calls++;
    return 2 * inner_next(doubler->inner);
}

int doubler_calls(struct doubler *doubler)
{
    return doubler->calls;
}
