/*
 * HTTP: a server of HTTP/1.1 (RFC 9110, 9112). The application defines the event; each
 * connection has a fiber, on which its requests are answered one after the other.
 *
 * M_serve(http, port, ctx): accept connections on every address and raise M_on_request
 *   with this ctx, until the fiber is cancelled or the port fails. A port of 0 is
 *   chosen by the host. ERR_ADDRESS_IN_USE, ERR_ACCESS.
 * M_request(exchange): what was asked; valid until M_on_request returns.
 * M_read_body(exchange, out): the next piece of the request's content, decoded, as a chain
 *   that becomes the caller's; ERR_END after the last. The first call answers
 *   `Expect: 100-continue`. ERR_TOO_LARGE, ERR_TIMEOUT, ERR_FORMAT, ERR_RESET: answer or not,
 *   the connection will be closed. A POST or PUT that says nothing of its content is ERR_FORMAT here, and 411
 *   when the event returns that.
 * M_respond(exchange, response, body): send a whole response; takes the chain, NULL is an
 *   empty body. Content-Length, Date, Connection are the server's; for HEAD and for 204 and 304
 *   the body is not sent.
 *   OK does not say that it went out: answers to requests that came together are written together.
 *   ERR_INVALID: already answered, a status outside 200–599, a field that is the server's or can't
 *   stand in a message, or a length that isn't the body's; nothing was sent.
 * M_begin(exchange, response): send the head of a response whose length is not known, in chunked
 *   coding (or until close for HTTP/1.0), or whose has_length is set: then exactly that many bytes follow;
 * M_write(exchange, data): then pieces of it, each taken; may wait for the peer; ERR_INVALID for more
 *   than the length that was given;
 * M_end(exchange): then its end. Without it, or with less than the length given, the connection is
 *   aborted, so that the peer knows that the content is not whole.
 *
 * Event, on the connection's fiber, which it may suspend:
 * M_on_request(ctx, exchange): answer with M_respond or M_begin. One that returns OK without
 *   having answered is 404, one that returns an error before anything was sent is 500 (ERR_NOT_FOUND 404,
 *   ERR_TOO_LARGE 413, ERR_TIMEOUT 408, ERR_FORMAT and ERR_INVALID 400); after that, the connection is
 *   closed. Content that it did not read is skipped, up to a limit, or the connection is closed.
 */
#ifndef MIRAGE_SIG_HTTP_H
#define MIRAGE_SIG_HTTP_H

#include <mirage/http.h>

#define HTTP(M)                                                                             \
    DEVICE(M);                                                                              \
    struct M##_exchange;                                                                    \
    IO err M##_serve(struct M *http, uint16_t port, void *ctx);                             \
    const struct http_request *M##_request(struct M##_exchange *exchange);                  \
    IO err M##_read_body(struct M##_exchange *exchange, struct buf **out);                  \
    IO err M##_respond(struct M##_exchange *exchange, const struct http_response *response, \
                       struct buf *body);                                                   \
    IO err M##_begin(struct M##_exchange *exchange, const struct http_response *response);  \
    IO err M##_write(struct M##_exchange *exchange, struct buf *data);                      \
    IO err M##_end(struct M##_exchange *exchange);                                          \
    IO err M##_on_request(void *ctx, struct M##_exchange *exchange)

#endif
