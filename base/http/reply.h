/* The head of a reply (RFC 9112, sections 4 and 6.3). Pure functions. */
#ifndef BASE_HTTP_REPLY_H
#define BASE_HTTP_REPLY_H

#include <base/http/text.h>

struct http_reply_head {
    struct http_reply reply;
    enum http_framing framing;
};

/*
 * The length of the head at the beginning of `data`, or 0 when it is not complete. The search for its end
 * begins at *scanned.
 */
size_t http_reply_head_length(const char *data, size_t len, size_t *scanned);

/* At least as many as a complete head has fields. */
size_t http_reply_fields_room(const char *data, size_t len);

/* Whether a field of the complete head goes on in another line (obs-fold, RFC 9112, section 5.2). */
bool http_reply_is_folded(const char *data, size_t len);

/* Make such lines one, by writing spaces over the line ends. */
void http_reply_unfold(char *data, size_t len);

/*
 * Read a complete head without folded fields (RFC 9112, sections 4 and 6.3). `fields` has
 * http_reply_fields_room elements, and `to_head` says that the request was a HEAD. The fields are views of
 * `data`. A status outside 100 to 599 is kept; it is to be treated as 500 (RFC 9110, section 15).
 * ERR_FORMAT, ERR_UNSUPPORTED.
 */
err http_reply_head_read(struct http_reply_head *head, struct http_field *fields, const char *data,
                         size_t len, bool to_head);

#endif
