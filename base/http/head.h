/*
 * The head of a request: bytes to struct http_request (RFC 9112, sections 2 to 6).
 * Pure: it looks at nothing but the bytes and the limits. What it accepts has one
 * interpretation; everything doubtful is refused.
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

/* Zeroed but for the first three and request->fields, which has room for limits->fields. */
struct http_head {
    const struct http_limits *limits;
    struct http_request *request;
    struct http_field *fields;
    size_t line;           /* where the line being read begins */
    size_t scanned;        /* before it nothing but text was seen on this line */
    size_t section;        /* where the header section begins; 0: in the request line */
    size_t length;         /* of the whole head, once it is read */
    struct http_text path; /* not decoded; not ended */
    bool asterisk;         /* the target is "*" */
    bool empty_line;
    bool chunked, unknown_coding, has_length;
    bool close, keep_alive;
    bool expect_continue, unknown_expectation;
    bool authority; /* the target names the host */
    bool connect;
    unsigned hosts;
};

/*
 * Read on: `data` is the same bytes as before at the same place, and more behind them. HTTP_HEAD_MORE,
 * HTTP_HEAD_DONE, or the status that refuses the request. After HTTP_HEAD_DONE everything in the request but
 * its path is set.
 */
int http_head_read(struct http_head *head, const char *data, size_t len);

/* The request line in line..end; 0, or a status. */
int http_head_request_line(struct http_head *head, const char *line, const char *end);

/* One field line; 0, or a status. */
int http_head_field(struct http_head *head, const char *line, const char *end);

/* What can only be said of all fields together; 0, or a status. */
int http_head_check(struct http_head *head);

/* Take the request target apart (RFC 9112, section 3.2); 0, or a status. */
int http_head_target(struct http_head *head, struct http_text target);

/* "host[:port]"; 0, or a status. */
int http_head_host(struct http_text value, struct http_text *host);

/*
 * Decode the path and remove its dot segments (RFC 3986, section 5.2.4), which never
 * leads above the root. `out` has room for path.len + 1 bytes. 0, or a status.
 */
int http_head_path(struct http_text path, char *out);

#endif
