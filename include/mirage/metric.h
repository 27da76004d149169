/*
 * Metrics: counters and gauges with names. A metric lies in its module's struct, so that two instances count
 * apart. Registering it makes it visible to readers of the registry (a /metrics page, a test).
 */
#ifndef MIRAGE_METRIC_H
#define MIRAGE_METRIC_H

#include <stddef.h>
#include <stdint.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
    int64_t value; /* add to it, or set it, directly */
    enum metric_kind kind;
    const char *name;     /* "tcp.segments_in" */
    const char *instance; /* "tcp__2"; may be NULL */
    const char *help;
    struct metric *next, **link;
};

/*
 * Give a zeroed metric its name, and register it. The strings must outlive it. In a functor the instance is
 * INSTANCE_NAME, which becomes a label, since two instances register the same names.
 */
void metric_register(struct metric *metric, enum metric_kind kind, const char *name, const char *instance,
                     const char *help);
/* Does nothing when it is not registered. */
void metric_unregister(struct metric *metric);

static inline void metric_add(struct metric *metric, int64_t n)
{
    metric->value += n;
}

/* Call visit for each metric, in order of registration. */
void metric_each(void (*visit)(void *ctx, const struct metric *metric), void *ctx);

/*
 * Write all of them in the Prometheus text exposition format 0.0.4 to `text`, as
 * snprintf does: returns the length needed, writes at most `size` bytes with the NUL.
 */
size_t metric_print(char *text, size_t size);

#endif
