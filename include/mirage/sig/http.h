/*
 * HTTP: a server of HTTP/1.1 (RFC 9110, 9112). The application defines the event. Each
 * connection has a fiber, on which its requests are answered one after the other.
 *
 * M_serve(http, port, ctx): accept connections on every address and raise M_on_request
 *   with this ctx, until the fiber is cancelled or the port fails. For port 0 the host
 *   chooses a port. ERR_ADDRESS_IN_USE, ERR_ACCESS.
 * M_date(http): the date of a response that is sent now, in seconds since 1970 (RFC 9110, section 6.6.1).
 * M_request(exchange): the request, which is valid until M_on_request returns.
 * M_read_body(exchange, out): the next piece of the request's content, decoded, as a chain
 *   that becomes the caller's; ERR_END after the last. The first call answers
 *   `Expect: 100-continue`. After ERR_TOO_LARGE, ERR_TIMEOUT, ERR_FORMAT or ERR_RESET the connection
 *   will be closed, whether you answer or not. A POST or PUT that does not say how long its content is
 *   gives ERR_FORMAT here; if the event returns that error, the answer is 411.
 * M_respond(exchange, response, body): send a whole response. Takes the chain; NULL is an
 *   empty body. The server sets Content-Length, Date and Connection. The body of an answer to HEAD,
 *   and that of 204 and 304, is not sent.
 *   OK does not mean that the response was sent: answers to requests that came together are written
 *   together.
 *   ERR_INVALID: the request was answered already, the status is outside 200–599, a field is one that the
 *   server sets or can't stand in a message, or the length isn't the body's. Nothing was sent.
 * M_begin(exchange, response): send the head of a response whose content follows in pieces. When has_length
 *   is set, exactly that many bytes must follow. Otherwise the content is sent in chunked coding, or until
 *   the connection is closed for HTTP/1.0.
 * M_write(exchange, data): send a piece of that content, and take the chain. May wait for the peer.
 *   ERR_INVALID for more than the length that was given.
 * M_end(exchange): end that content. Without it, or with less than the length that was given, the
 *   connection is aborted, so that the peer knows that the content is not complete.
 *
 * Event, on the connection's fiber, which it may suspend:
 * M_on_request(ctx, exchange): answer with M_respond or M_begin. If it returns OK without an answer,
 *   the server answers 404. If it returns an error before anything was sent, the server answers
 *   ERR_NOT_FOUND with 404, ERR_ACCESS with 403, ERR_TOO_LARGE with 413, ERR_TIMEOUT with 408,
 *   ERR_FORMAT and ERR_INVALID with 400, ERR_CANCELLED and ERR_NO_MEMORY with 503, and any other error
 *   with 500. After all of these except 404 and 403 it closes the connection. Content that the event did
 *   not read is skipped, up to a limit. Beyond the limit the connection is closed.
 */
#ifndef MIRAGE_SIG_HTTP_H
#define MIRAGE_SIG_HTTP_H

#include <mirage/http.h>

#define HTTP(M)                                                                             \
    DEVICE(M);                                                                              \
    struct M##_exchange;                                                                    \
    IO err M##_serve(struct M *http, uint16_t port, void *ctx);                             \
    int64_t M##_date(struct M *http);                                                       \
    const struct http_request *M##_request(struct M##_exchange *exchange);                  \
    IO err M##_read_body(struct M##_exchange *exchange, struct buf **out);                  \
    IO err M##_respond(struct M##_exchange *exchange, const struct http_response *response, \
                       struct buf *body);                                                   \
    IO err M##_begin(struct M##_exchange *exchange, const struct http_response *response);  \
    IO err M##_write(struct M##_exchange *exchange, struct buf *data);                      \
    IO err M##_end(struct M##_exchange *exchange);                                          \
    IO err M##_on_request(void *ctx, struct M##_exchange *exchange)

#endif
