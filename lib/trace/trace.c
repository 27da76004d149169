/*
 * A network whose frames are logged, a line each, by the source `trace` at the level info.
 *
 * Frames pass unchanged, and what their device refuses is told too.
 */
#include <base/frame/summary.h>
#include <mirage/functor.h>

#include <stdlib.h>

PARAM(NETWORK, net);
MODULE(NETWORK, trace);
LOG_SOURCE(trace);

KEY_STRING(label, "", "what its lines begin with, to tell several apart");

struct trace {
    struct net *net;
    void *ctx;
};

IO err trace_connect(struct trace **out, struct net *net)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return ERR_NO_MEMORY;
    (*out)->net = net;
    net_listen(net, *out);
    return OK;
}

IO void trace_disconnect(struct trace *trace)
{
    net_listen(trace->net, NULL);
    free(trace);
}

void trace_info(struct trace *trace, struct network_info *out)
{
    net_info(trace->net, out);
}

void trace_listen(struct trace *trace, void *ctx)
{
    trace->ctx = ctx;
}

err trace_write(struct trace *trace, struct buf *frame)
{
    char line[FRAME_SUMMARY_SIZE];

    if (frame == NULL || !log_enabled(&log_source_here, LOG_LEVEL_INFO))
        return net_write(trace->net, frame);
    frame_summary(frame, line);
    err e = net_write(trace->net, frame);
    log_always(LOG_LEVEL_INFO, "%s%sout %s%s%s", key_label, key_label[0] != '\0' ? " " : "", line,
               e == OK ? "" : ": ", e == OK ? "" : err_string(e));
    return e;
}

void net_on_frame(void *ctx, struct buf *frame)
{
    struct trace *trace = ctx;

    if (log_enabled(&log_source_here, LOG_LEVEL_INFO)) {
        char line[FRAME_SUMMARY_SIZE];
        frame_summary(frame, line);
        log_always(LOG_LEVEL_INFO, "%s%sin %s", key_label, key_label[0] != '\0' ? " " : "", line);
    }
    if (trace->ctx != NULL)
        trace_on_frame(trace->ctx, frame);
    else
        buf_free(frame);
}
