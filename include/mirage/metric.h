/*
 * Metrics: counters and gauges with names. A metric lies in its module's struct, so that two instances count
 * apart. A table of the module says which they are, and the module registers all of them at once:
 *
 *     struct arp {
 *         ...
 *         struct metric neighbours, refused;
 *     };
 *
 *     static const struct metric_row metrics[] = {
 *         METRIC_ROW(struct arp, neighbours, GAUGE, "arp.neighbours", "neighbours in the table"),
 *         METRIC_ROW(struct arp, refused, COUNTER, "arp.refused", "malformed packets"),
 *     };
 *
 *     metric_register(metrics, arp, INSTANCE_NAME);
 *
 * Registering makes them visible to readers of the registry (a /metrics page, a test).
 */
#ifndef MIRAGE_METRIC_H
#define MIRAGE_METRIC_H

#include <stddef.h>
#include <stdint.h>

#include <mirage/list.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric {
    int64_t value; /* add to it, or set it, directly */
    enum metric_kind kind;
    const char *name;     /* "tcp.segments_in" */
    const char *instance; /* "tcp__2"; may be NULL */
    const char *help;
    OS_LIST_NODE(struct metric) node;
};

/* What one metric of a module is, and where in the module's struct it lies. METRIC_ROW makes it. */
struct metric_row {
    size_t offset;
    enum metric_kind kind;
    const char *name, *help; /* the help may be NULL */
};

/*
 * A row for the `member` of `type`, which is a struct metric and may be an element of an array. The kind is
 * COUNTER or GAUGE.
 */
#define METRIC_ROW(type, member, kind, name, help)                                                       \
    {                                                                                                    \
        _Generic(((type *)0)->member, struct metric : offsetof(type, member)), METRIC_##kind, name, help \
    }

/*
 * Register the metrics in `*object` that `rows`, an array of struct metric_row, names, in the order of the
 * rows. The metrics must be zeroed, and the strings must outlive them. In a functor the instance is
 * INSTANCE_NAME, which becomes a label, since two instances register the same names. It may be NULL.
 */
#define metric_register(rows, object, instance) \
    metric_register_rows(rows, sizeof(rows) / sizeof *(rows), object, instance)
/* Take them out of the registry. Those that are not registered are passed over. */
#define metric_unregister(rows, object) metric_unregister_rows(rows, sizeof(rows) / sizeof *(rows), object)

void metric_register_rows(const struct metric_row *rows, size_t count, void *object, const char *instance);
void metric_unregister_rows(const struct metric_row *rows, size_t count, void *object);

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
