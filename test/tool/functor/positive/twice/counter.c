#include <mirage/functor.h>
#include <mirage/metric.h>

#include <stdio.h>
#include <stdlib.h>

#include "sources.h"

MODULE(SOURCE, counter);
KEY_INT(start, 0, INT64_MIN, INT64_MAX, "the first number");

struct counter {
    int next, calls;
    struct metric asked;
};

static const struct metric_row metrics[] = {
    METRIC_ROW(struct counter, asked, COUNTER, "counter.asked", NULL),
};

IO err counter_connect(struct counter **out)
{
    if ((*out = calloc(1, sizeof **out)) == NULL)
        return ERR_NO_MEMORY;
    (*out)->next = (int)key_start;
    metric_register(metrics, *out, INSTANCE_NAME);
    printf("connect counter from %d\n", (int)key_start);
    return OK;
}

IO void counter_disconnect(struct counter *counter)
{
    printf("disconnect counter from %d\n", (int)key_start);
    metric_unregister(metrics, counter);
    free(counter);
}

int counter_next(struct counter *counter)
{
    counter->calls++;
    metric_add(&counter->asked, 1);
    return counter->next++;
}

int counter_calls(struct counter *counter)
{
    return counter->calls;
}
