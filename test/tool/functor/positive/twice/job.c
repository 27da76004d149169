#include <mirage/functor.h>
#include <mirage/metric.h>

#include <stdio.h>

#include "sources.h"

PARAM(SOURCE, ones);
PARAM(SOURCE, hundreds);
PARAM(SOURCE, nested);
PARAM(SOURCE, again);
MODULE(JOB, job);

IO err job_start(struct ones *ones, struct hundreds *hundreds, struct nested *nested, struct again *again)
{
    printf("ones %d\n", ones_next(ones));
    printf("hundreds %d\n", hundreds_next(hundreds));
    printf("nested %d\n", nested_next(nested));
    printf("again %d\n", again_next(again));
    printf("calls %d %d %d %d\n", ones_calls(ones), hundreds_calls(hundreds), nested_calls(nested), again_calls(again));

    char metrics[256];
    metric_print(metrics, sizeof metrics);
    fputs(metrics, stdout);
    return OK;
}
