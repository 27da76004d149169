#include "runtime.h"

#include <inttypes.h>
#include <stdio.h>

static struct metric *metric_at(const struct metric_row *row, void *object)
{
    return (struct metric *)((char *)object + row->offset);
}

static void add(struct metric *metric, const struct metric_row *row, const char *instance)
{
    assert(!os_list_holds(metric, node));
    metric->kind = row->kind;
    metric->name = row->name;
    metric->instance = instance;
    metric->help = row->help;
    os_list_append(&runtime.metrics, metric, node);
}

static void take_out(struct metric *metric)
{
    if (os_list_holds(metric, node))
        os_list_remove(&runtime.metrics, metric, node);
}

void metric_register_rows(const struct metric_row *rows, size_t count, void *object, const char *instance)
{
    for (size_t i = 0; i < count; i++)
        add(metric_at(&rows[i], object), &rows[i], instance);
}

void metric_unregister_rows(const struct metric_row *rows, size_t count, void *object)
{
    for (size_t i = 0; i < count; i++)
        take_out(metric_at(&rows[i], object));
}

void metric_each(void (*visit)(void *ctx, const struct metric *metric), void *ctx)
{
    for (const struct metric *m = runtime.metrics.first; m != NULL; m = m->node.next)
        visit(ctx, m);
}

/* The output. Text beyond its end is counted but not written. */
struct out {
    char *text;
    size_t size, len;
};

static void put(struct out *out, char c)
{
    if (out->len + 1 < out->size)
        out->text[out->len] = c;
    out->len++;
}

static void put_text(struct out *out, const char *text)
{
    while (*text != '\0')
        put(out, *text++);
}

static void put_escaped(struct out *out, const char *text, bool quotes)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || (quotes && *text == '"') || *text == '\n')
            put(out, '\\');
        put(out, *text == '\n' ? 'n' : *text);
    }
}

/* Our names have dots. The format allows letters, digits, _ and : only. */
static void put_name(struct out *out, const char *name)
{
    if (*name >= '0' && *name <= '9')
        put(out, '_');
    for (; *name != '\0'; name++) {
        bool fits = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                    (*name >= '0' && *name <= '9') || *name == ':';
        put(out, fits ? *name : '_');
    }
}

static void put_sample(struct out *out, const struct metric *metric)
{
    char value[32];
    put_name(out, metric->name);
    if (metric->instance != NULL) {
        put_text(out, "{instance=\"");
        put_escaped(out, metric->instance, true);
        put_text(out, "\"}");
    }
    snprintf(value, sizeof value, " %" PRId64 "\n", metric->value);
    put_text(out, value);
}

static bool same_name(const struct metric *a, const struct metric *b)
{
    return strcmp(a->name, b->name) == 0;
}

size_t metric_print(char *text, size_t size)
{
    struct out out = { text, size, 0 };
    for (const struct metric *m = runtime.metrics.first; m != NULL; m = m->node.next) {
        /* The format demands that all samples of one name stand together, under one heading. */
        const struct metric *first = runtime.metrics.first;
        while (!same_name(first, m))
            first = first->node.next;
        if (first != m)
            continue;
        if (m->help != NULL) {
            put_text(&out, "# HELP ");
            put_name(&out, m->name);
            put(&out, ' ');
            put_escaped(&out, m->help, false);
            put(&out, '\n');
        }
        put_text(&out, "# TYPE ");
        put_name(&out, m->name);
        put_text(&out, m->kind == METRIC_COUNTER ? " counter\n" : " gauge\n");
        for (const struct metric *same = m; same != NULL; same = same->node.next)
            if (same_name(same, m))
                put_sample(&out, same);
    }
    if (size > 0)
        text[out.len < size ? out.len : size - 1] = '\0';
    return out.len;
}
