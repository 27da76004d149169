/* What the HTTP signatures exchange: requests and responses (RFC 9110). */
#ifndef MIRAGE_HTTP_H
#define MIRAGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>

/* Bytes of somebody else's, not ended by a NUL. */
struct http_text {
    const char *data;
    size_t len;
};

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER, /* a token that is none of these; see http_request.method_name */
};

struct http_field {
    struct http_text name; /* as it was sent; compare without regard to case */
    struct http_text value;
};

struct http_request {
    enum http_method method;
    struct http_text method_name;
    struct http_text target;    /* as it was sent */
    const char *path;           /* decoded, dot segments removed, begins with '/'; ends with a NUL */
    struct http_text query;     /* behind the '?', not decoded */
    struct http_text host;      /* without the port */
    uint8_t version_minor;      /* 0 or 1 */
    bool has_body;
    int64_t content_length;     /* -1: chunked, its length is not known */
    size_t field_count;
    const struct http_field *fields;
};

struct http_header {
    const char *name;
    const char *value;
};

struct http_response {
    uint16_t status;
    const char *content_type;          /* NULL: none is sent */
    size_t header_count;
    const struct http_header *headers; /* further ones; not those that are the server's */
    /* When the body is not given but its length is known (HEAD, 304): -1 means it is the body's. */
    bool has_length;
    uint64_t length;
    bool close;                        /* end the connection after this response */
};

/* The value of the first field of this name; a NULL data when there is none. */
struct http_text http_find(const struct http_request *request, const char *name);

/* The reason phrase of a status code (RFC 9110, section 15), "" for an unknown one. */
const char *http_reason(unsigned status);

#endif
