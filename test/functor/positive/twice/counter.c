#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>

#include "sources.h"

MODULE(SOURCE, counter);
KEY_INT(start, 0, "the first number");

struct counter {
    int next, calls;
};

IO err counter_connect(struct counter **out)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->next = (int)start;
    printf("connect counter from %d\n", (int)start);
    return OK;
}

IO void counter_disconnect(struct counter *counter)
{
    printf("disconnect counter from %d\n", (int)start);
    free(counter);
}

int counter_next(struct counter *counter)
{
    counter->calls++;
    return counter->next++;
}

int counter_calls(struct counter *counter)
{
    return counter->calls;
}
