/*
 * A server of HTTP/1.1 over the TCP of a stack.
 *
 * A connection is a fiber that answers its requests one after the other; between requests it holds no
 * buffers.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdlib.h>
#include <string.h>

#include <mirage/functor.h>
#include <base/http/chunked.h>
#include <mirage/metric.h>

#include <base/http/head.h>

PARAM(STACK, stack);
PARAM(PCLOCK, clock);
MODULE(HTTP, http_server);

LOG_SOURCE(http);

#define HTTP_DATE_LINE 37 /* "Date: …" and its line end */
#define HTTP_STATUS_CLASSES 6

struct http_server {
    struct stack_tcp *tcp;
    struct clock *clock;
    struct http_limits limits;
    size_t max_connections;
    size_t held_max;    /* bytes of pipelined responses that may wait for one write */
    uint64_t drain_max; /* bytes of unread content that are skipped to keep a connection */
    size_t progress;    /* bytes of content that must come in each body_timeout */
    os_time request_timeout, body_timeout, write_timeout, idle_timeout, linger, grace;
    os_time date_until;
    int64_t seconds; /* since 1970, those in `date` */
    char date[HTTP_DATE_LINE + 1];
    struct metric answered[HTTP_STATUS_CLASSES]; /* by the status's first digit */
    struct metric open, accepted, bytes_in, bytes_out;
};

/* One M_serve: a port and its connections. */
struct http_service {
    struct http_server *http;
    void *ctx;
    struct stack_tcp_listener *listener;
    OS_LIST(struct http_connection) idle; /* waiting for a request, the longest first */
    OS_LIST(struct http_connection) busy;
    size_t connections;
    struct os_waitq changed; /* woken when a connection has ended, or waits for a request */
    bool stopping;
};

struct http_connection {
    OS_LIST_NODE(struct http_connection) node;
    bool idle; /* which of the service's lists it is in */
    struct http_server *http;
    struct http_service *service;
    struct stack_tcp_flow *flow;
    struct os_fiber *fiber;
    struct buf *in;            /* received, not yet used */
    struct buf *out;           /* responses to be written together */
    size_t held;               /* bytes in out */
    struct os_timer held_long; /* fires when the connection's fiber suspends while responses are held */
    struct os_fiber *writer;   /* the fiber that then writes the held responses */
    struct os_waitq written;   /* woken when the writer has ended */
    unsigned served;
    bool broken; /* the flow failed: nothing can be sent */
};

enum http_answer { HTTP_UNANSWERED, HTTP_BEGUN, HTTP_ANSWERED };

enum http_persistence { HTTP_PERSIST_SILENT, HTTP_PERSIST_CLOSE, HTTP_PERSIST_KEEP };

/* An exchange. It lies in a buffer of the pool, `memory`, with its fields behind it. */
struct http_server_exchange {
    struct http_connection *connection;
    struct buf *memory, *head_bytes, *path_memory;
    struct http_request request;
    struct http_head head;

    /* The request's content. */
    struct http_chunked chunked;
    uint64_t left; /* when its length is known */
    uint64_t body_read;
    os_time patience; /* what is left of body_timeout, in which `progressed` bytes have come */
    size_t progressed;
    unsigned failure; /* the status of what went wrong with it, or 0 */
    bool body_done, waits_for_continue, no_length;

    /* The response. */
    enum http_answer answer : 8;
    enum http_framing framing : 8;
    bool keep; /* the connection lives on */
    bool mute; /* its content is not sent: HEAD, 204, 304 */
    bool first_chunk;
    uint64_t to_write; /* how many bytes are still to be written of the given length */

    char path[512]; /* of most requests */
    struct http_field fields[];
};

/* connection.c */

INTERNAL IO err http_connection_run(void *connection);
/* Append bytes from the peer to `in`, after writing what is held. ERR_TIMEOUT at `deadline`. */
INTERNAL IO err http_connection_read(struct http_connection *c, os_time deadline);
/* Write the data, or with `hold` keep it for a while, to be written with what follows. Takes the chain. */
INTERNAL IO err http_connection_write(struct http_connection *c, struct buf *data, bool hold);
INTERNAL IO err http_connection_flush(struct http_connection *c);
/* Drop the first `n` bytes of `in`. */
INTERNAL void http_connection_consume(struct http_connection *c, size_t n);

/* exchange.c */

INTERNAL struct http_server_exchange *http_exchange_new(struct http_connection *c);
INTERNAL void http_exchange_free(struct http_server_exchange *x);
/* Read a head into the exchange: 0, or the status that refuses it, or -1 when the connection is to end. */
INTERNAL IO int http_exchange_read_head(struct http_server_exchange *x);
/* Have the application answer the request. Returns whether the connection goes on. */
INTERNAL IO bool http_exchange_run(struct http_server_exchange *x);
/* Answer with a status and a line of text; the connection ends after it when `close`. */
INTERNAL IO void http_exchange_fail(struct http_server_exchange *x, unsigned status, bool close);

/* body.c */

/* Skip the rest of the content. Returns false when it is too long or malformed. */
INTERNAL IO bool http_body_drain(struct http_server_exchange *x);
/* Whether the rest of the content would be skipped. */
INTERNAL bool http_body_is_short(const struct http_server_exchange *x);

/* response.c */

/* Whether the response may be sent: see ERR_INVALID of M_respond. */
INTERNAL bool http_response_check(const struct http_response *response);
/* The head in one buffer; NULL: no memory. */
INTERNAL struct buf *http_response_head(struct http_server *http, const struct http_response *response,
                                        enum http_framing framing, uint64_t length,
                                        enum http_persistence persistence);

/* service.c */

/* Move the connection between the lists of its service. */
INTERNAL void http_service_idle(struct http_connection *c);
INTERNAL void http_service_busy(struct http_connection *c);
INTERNAL void http_service_ended(struct http_connection *c);

#endif
