/* Sources: the drivers' watchers, and the queue of those that were raised. */
#include "runtime.h"

static void source_remove(struct platform_source *source)
{
    if (os_list_holds(source, raised))
        os_list_remove(&runtime.raised, source, raised);
}

static void source_append(struct platform_source *source)
{
    if (!os_list_holds(source, raised))
        os_list_append(&runtime.raised, source, raised);
}

void platform_source_watch(struct platform_source *source, bool (*ready)(void *ctx), void *ctx)
{
    runtime.armed -= source->ready != NULL;
    runtime.armed += ready != NULL;
    source->ready = ready;
    source->ctx = ctx;
    if (ready != NULL)
        source_append(source);
    else
        source_remove(source);
}

void platform_source_raise(struct platform_source *source)
{
    if (source->ready != NULL)
        source_append(source);
}

err platform_source_wait(struct os_waitq *queue)
{
    runtime.armed++;
    err error = os_wait(queue);
    runtime.armed--;
    return error;
}

void source_run(void)
{
    /* A watcher that asks to be called again goes behind the marker, into the next turn. */
    struct platform_source marker = { 0 };
    if (runtime.raised.first == NULL)
        return;
    source_append(&marker);
    for (;;) {
        struct platform_source *source = runtime.raised.first;
        source_remove(source);
        if (source == &marker)
            break;
        if (source->ready(source->ctx))
            source_append(source);
    }
}
