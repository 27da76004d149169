/* A client of HTTP/1.1 over connections by name, one a request. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdlib.h>
#include <string.h>

#include <mirage/functor.h>

#include <base/http/chunked.h>
#include <base/http/reply.h>
#include <base/http/url.h>

PARAM(CONNECTOR, connector);
MODULE(HTTP_CLIENT, http_client);
CATALOG(http_client_by, connector);

LOG_SOURCE(http_client);

struct http_client {
    struct connector *connector;
    os_time timeout;    /* of each wait */
    unsigned redirects; /* the most redirects that are followed */
    size_t head_max;
};

struct http_client_exchange {
    struct http_client *client;
    struct connector_tcp_flow *flow;
    struct buf *in;         /* received, and not yet given to the caller */
    struct buf *head_bytes; /* the bytes in which the reply's fields lie */
    bool to_head;
    /* The request's content. */
    bool streams, has_length, first_chunk;
    bool refused; /* the server takes no more of it */
    uint64_t to_write;
    /* The reply's. */
    bool has_reply, done;
    unsigned interim; /* replies before it */
    err broken;       /* why there will be none, or OK */
    uint64_t left;
    struct http_chunked chunked;
    struct http_reply_head head;
    struct http_field *fields;
    struct http_url url;
    char url_text[HTTP_URL_SIZE];
};

enum client_content { CLIENT_SENDS_NONE, CLIENT_SENDS_LENGTH, CLIENT_SENDS_CHUNKED };

/* request.c */

/* Whether the method and the fields may be sent: none breaks a line, and none is one that we set. */
INTERNAL bool client_call_check(const struct http_call *call);
/*
 * Make the head of the request, with `method` in the place of the call's. `foreign` says that a redirect led
 * to another host, which is told no secrets. NULL: no memory.
 */
INTERNAL struct buf *client_request_head(const struct http_call *call, const char *method,
                                         const struct http_url *url, bool foreign,
                                         enum client_content content, uint64_t length);

/* exchange.c */

INTERNAL IO err client_open(struct http_client_exchange *x);
INTERNAL IO err client_send(struct http_client_exchange *x, struct buf *data);
/* Wait for the head of the final reply. Cancelled, it can be called again. */
INTERNAL IO err client_receive_head(struct http_client_exchange *x);
/* Close the connection, and free what was received over it. */
INTERNAL void client_reset(struct http_client_exchange *x);

/* upload.c */

/*
 * Send content, or a head with content. OK also when the server has refused it: then `refused` is set, and
 * what it did not take is dropped.
 */
INTERNAL IO err client_send_content(struct http_client_exchange *x, struct buf *data);

#endif
