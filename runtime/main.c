#include <mirage/main.h>
#include <platform/platform.h>

LOG_SOURCE(main);

static err start_entry(void *arg)
{
    err (**start)(void) = arg;
    return (*start)();
}

int main_run(const struct arg_program *program, int argc, char *argv[], err (*start)(void))
{
    switch (arg_parse(program, argc, argv)) {
    case ARG_DONE: return 0;
    case ARG_BAD: return 2;
    case ARG_RUN: break;
    }
    return os_run(start_entry, &start) == OK ? 0 : 1;
}

err main_failed(const char *what, const char *name, err error)
{
    const char *replay = platform_replay();
    if (error != ERR_CANCELLED)
        log_always(LOG_LEVEL_ERROR, "%s %s failed%s%s: %s", what, name, replay != NULL ? " with " : "",
                   replay != NULL ? replay : "", err_string(error));
    return error;
}

void event_drop(struct metric *drops, const char *event, struct buf *buf)
{
    static const struct metric_row rows[] = {
        { 0, METRIC_COUNTER, "events.dropped", "Events that no functor of this program defines" },
    };
    if (drops->name == NULL)
        metric_register(rows, drops, event);
    metric_add(drops, 1);
    log_debug("%s has no listener", event);
    buf_free(buf);
}
