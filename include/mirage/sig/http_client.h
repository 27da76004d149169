/*
 * HTTP_CLIENT: a client of HTTP/1.1 (RFC 9110, 9112), for URLs of the scheme http.
 *
 * M_request(client, call, body, out): send a request with that content (NULL: none; the chain is
 *   taken) and wait for the head of its reply. Redirects are followed, up to a limit (then
 *   ERR_TOO_LARGE): 303, and 301 and 302 of a POST, with GET and without content (RFC 9110, section 15.4);
 *   Authorization and Cookie are not sent on to another host. The exchange is the caller's, to be given to
 *   M_close.
 * M_begin(client, call, out): send the head of a request whose content is written in pieces, in chunked
 *   coding unless call->has_length;
 * M_write(exchange, data): then pieces of it, each taken; ERR_INVALID for more than that length;
 * M_refused(exchange): whether the server takes no more: it has answered with a status outside 200 to 299,
 *   or closed the connection. Then what is written is dropped, and M_finish may be called before a stated
 *   length is reached, to get the reply.
 * M_finish(exchange): then its end; waits for the head of the reply, whatever it is: redirects are not
 *   followed.
 * M_reply(exchange): the reply's head; valid until M_close.
 * M_read(exchange, out): the next piece of the reply's content, decoded, as a chain that becomes the
 *   caller's; ERR_END after the last, ERR_RESET when it is cut short.
 * M_close(exchange): free it, whatever its state. Never suspends or fails. No other fiber may be in an
 *   operation of the exchange.
 * M_get(client, url, limit, out): the whole content of the reply to a GET, at most `limit` bytes, as
 *   a chain (NULL when empty). ERR_NOT_FOUND for 404 and 410, ERR_ACCESS for 401 and 403, ERR_IO for
 *   any other status than 200, ERR_TOO_LARGE.
 *
 * ERR_INVALID: the URL, the method or a field can't stand in a request. ERR_UNSUPPORTED: another scheme, as
 * https, or a reply in a coding other than chunked. ERR_FORMAT: the reply isn't HTTP. ERR_TIMEOUT: nothing
 * came or went for too long. ERR_NOT_FOUND: the host's name has no address. Errors of RESOLVER and TCP.
 *
 * A status outside 100 to 599 counts as an error of the server (RFC 9110, section 15).
 */
#ifndef MIRAGE_SIG_HTTP_CLIENT_H
#define MIRAGE_SIG_HTTP_CLIENT_H

#include <mirage/http.h>

#define HTTP_CLIENT(M)                                                                           \
    DEVICE(M);                                                                                   \
    struct M##_exchange;                                                                         \
    IO err M##_request(struct M *client, const struct http_call *call, struct buf *body,         \
                       struct M##_exchange **out);                                               \
    IO err M##_begin(struct M *client, const struct http_call *call, struct M##_exchange **out); \
    IO err M##_write(struct M##_exchange *exchange, struct buf *data);                           \
    bool M##_refused(struct M##_exchange *exchange);                                             \
    IO err M##_finish(struct M##_exchange *exchange);                                            \
    const struct http_reply *M##_reply(struct M##_exchange *exchange);                           \
    IO err M##_read(struct M##_exchange *exchange, struct buf **out);                            \
    void M##_close(struct M##_exchange *exchange);                                               \
    IO err M##_get(struct M *client, const char *url, size_t limit, struct buf **out)

#endif
