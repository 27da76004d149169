/* The head of a reply (RFC 9112, sections 4 and 6.3). Pure functions. */
#ifndef BASE_HTTP_REPLY_H
#define BASE_HTTP_REPLY_H

#include <base/http/text.h>

#define HTTP_REPLY_FIELDS_MAX 64

struct http_reply_head {
    struct http_reply reply;
    struct http_field fields[HTTP_REPLY_FIELDS_MAX];
    enum http_framing framing;
};

/*
 * The length of the head at the beginning of `data`, or 0 when it is not complete. The search for its end
 * begins at *scanned.
 */
size_t http_reply_head_length(const char *data, size_t len, size_t *scanned);

/*
 * Read a complete head (RFC 9112, sections 4 and 6.3). `to_head` says that the request was a HEAD.
 * ERR_FORMAT, ERR_TOO_LARGE, ERR_UNSUPPORTED. The fields are views of `data`.
 */
err http_reply_head_read(struct http_reply_head *head, const char *data, size_t len, bool to_head);

#endif
