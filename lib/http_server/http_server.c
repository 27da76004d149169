#include "http_server.h"

KEY_INT(max_line, 8192, 64, 1 << 20, "bytes of a request line; more is answered with 414");
KEY_INT(max_header, 16384, 64, 1 << 24, "bytes of a request's header section; more is answered with 431");
KEY_INT(max_fields, 64, 1, 65535, "fields of a request; more is answered with 431");
KEY_INT(max_held, 65536, 0, 1 << 30, "bytes of responses to pipelined requests that are written together");
KEY_INT(max_drain, 65536, 0, INT64_C(1) << 40,
        "bytes of content nobody read that are skipped to keep a connection");
KEY_INT(min_progress, 4096, 0, 1 << 30, "bytes of content that a client must send in each http-body-timeout");

ARG_INT(http_connections, 16384, "HTTP connections at a time; idle ones make room for new ones");
ARG_INT(http_body_limit, 1048576, "bytes of content that a request may have; more is answered with 413");
ARG_DURATION(http_request_timeout, "10s", "time in which the head of an HTTP request must come");
ARG_DURATION(http_body_timeout, "20s", "time in which some more of a request's content must come");
ARG_DURATION(http_write_timeout, "30s", "time in which a client must take 64 KiB of a response");
ARG_DURATION(http_idle_timeout, "75s", "time that a connection is kept open between requests");
ARG_DURATION(http_linger, "2s",
             "time given to a client to read the last response before the connection closes");
ARG_DURATION(http_grace, "2s", "time given to responses under way when the server stops");

static const struct metric_row metrics[] = {
    METRIC_ROW(struct http_server, answered[2], COUNTER, "http.responses_2xx",
               "responses by class of status"),
    METRIC_ROW(struct http_server, answered[3], COUNTER, "http.responses_3xx",
               "responses by class of status"),
    METRIC_ROW(struct http_server, answered[4], COUNTER, "http.responses_4xx",
               "responses by class of status"),
    METRIC_ROW(struct http_server, answered[5], COUNTER, "http.responses_5xx",
               "responses by class of status"),
    METRIC_ROW(struct http_server, open, GAUGE, "http.connections", "open connections"),
    METRIC_ROW(struct http_server, accepted, COUNTER, "http.connections_accepted", "connections accepted"),
    METRIC_ROW(struct http_server, bytes_in, COUNTER, "http.bytes_in", "bytes received"),
    METRIC_ROW(struct http_server, bytes_out, COUNTER, "http.bytes_out", "bytes sent"),
};

IO err http_server_connect(struct http_server **out, struct stack *stack, struct clock *clock)
{
    if (http_connections < 1 || http_body_limit < 0) {
        log_error("--http-connections and --http-body-limit must be positive");
        return ERR_INVALID;
    }
    struct http_server *http = calloc(1, sizeof *http);
    if (http == NULL)
        return ERR_NO_MEMORY;
    http->tcp = stack_get_tcp(stack);
    http->clock = clock;
    http->limits = (struct http_limits){
        .line = (size_t)key_max_line,
        .section = (size_t)key_max_header,
        .fields = (size_t)key_max_fields,
        .body = (uint64_t)http_body_limit,
    };
    http->max_connections = (size_t)http_connections;
    http->held_max = (size_t)key_max_held;
    http->drain_max = (uint64_t)key_max_drain;
    http->progress = (size_t)key_min_progress;
    http->request_timeout = http_request_timeout;
    http->body_timeout = http_body_timeout;
    http->write_timeout = http_write_timeout;
    http->idle_timeout = http_idle_timeout;
    http->linger = http_linger;
    http->grace = http_grace;
    http->date_until = INT64_MIN;
    metric_register(metrics, http, INSTANCE_NAME);
    *out = http;
    return OK;
}

IO void http_server_disconnect(struct http_server *http)
{
    metric_unregister(metrics, http);
    free(http);
}
