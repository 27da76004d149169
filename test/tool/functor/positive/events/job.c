#include <mirage/functor.h>
#include <mirage/metric.h>

#include <stdio.h>
#include <string.h>

#include "bells.h"

PARAM(BELL, near);
PARAM(BELL, far);
PARAM(BELL, unheard);
MODULE(JOB, job);

struct heard {
    int near, far;
};

void near_on_ring(void *ctx, struct buf *sound)
{
    struct heard *heard = ctx;
    printf("near %.*s %d\n", (int)sound->len, sound->data, ++heard->near);
    buf_free(sound);
}

void far_on_ring(void *ctx, struct buf *sound)
{
    struct heard *heard = ctx;
    printf("far %.*s %d\n", (int)sound->len, sound->data, ++heard->far);
    buf_free(sound);
}

static void show_drops(void *ctx, const struct metric *metric)
{
    (void)ctx;
    if (strcmp(metric->name, "events.dropped") == 0)
        printf("%s dropped %d\n", metric->instance, (int)metric->value);
}

IO err job_start(struct near *near, struct far *far, struct unheard *unheard)
{
    struct heard heard = { 0 };
    struct buf_stats stats;

    near_listen(near, &heard);
    far_listen(far, &heard);
    near_ring(near, 2);
    far_ring(far, 2);
    unheard_ring(unheard, 3);
    metric_each(show_drops, NULL);
    buf_get_stats(&stats);
    printf("%zu buffers left\n", stats.views);
    return OK;
}
