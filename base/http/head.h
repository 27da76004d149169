/*
 * The head of a request, parsed into a struct http_request (RFC 9112, sections 2 to 6).
 * The functions are pure: they depend on nothing but the bytes and the limits. What they
 * accept can be read in one way only. Everything doubtful is refused.
 */
#ifndef BASE_HTTP_HEAD_H
#define BASE_HTTP_HEAD_H

#include <base/http/text.h>

struct http_limits {
    size_t line;    /* bytes of the request line */
    size_t section; /* bytes of the header section */
    size_t fields;
    uint64_t body; /* bytes of content */
};

enum { HTTP_HEAD_MORE = 0, HTTP_HEAD_DONE = 1 };

/* To begin, set the first three fields and zero the rest. request->fields has room for limits->fields. */
struct http_head {
    const struct http_limits *limits;
    struct http_request *request;
    struct http_field *fields;
    size_t line;           /* where the line being read begins */
    size_t scanned;        /* the bytes of this line before it are text */
    size_t section;        /* where the header section begins; 0: in the request line */
    size_t length;         /* of the whole head, once it is read */
    struct http_text path; /* not decoded, and not ended by a NUL */
    bool asterisk;         /* the target is "*" */
    bool empty_line;
    bool chunked, unknown_coding, has_length;
    bool close, keep_alive;
    bool expect_continue, unknown_expectation;
    bool authority; /* the target contains the host */
    bool connect;
    unsigned hosts;
};

/*
 * Read on. `data` holds the same bytes as before at the same place, and more behind them. Returns
 * HTTP_HEAD_MORE, HTTP_HEAD_DONE, or the status that refuses the request. After HTTP_HEAD_DONE everything in
 * the request is set except its path.
 */
int http_head_read(struct http_head *head, const char *data, size_t len);

/* Parse the request line in line..end. Returns 0, or a status. */
int http_head_request_line(struct http_head *head, const char *line, const char *end);

/* Parse one field line. Returns 0, or a status. */
int http_head_field(struct http_head *head, const char *line, const char *end);

/* Check what depends on all fields together. Returns 0, or a status. */
int http_head_check(struct http_head *head);

/* Take the request target apart (RFC 9112, section 3.2). Returns 0, or a status. */
int http_head_target(struct http_head *head, struct http_text target);

/* Check "host[:port]". Returns 0, or a status. */
int http_head_host(struct http_text value, struct http_text *host);

/*
 * Decode the path and remove its dot segments (RFC 3986, section 5.2.4), which never lead above the root.
 * `out` has room for path.len + 1 bytes. Returns 0, or a status.
 */
int http_head_path(struct http_text path, char *out);

#endif
