/* What the HTTP signatures exchange: requests and responses (RFC 9110). */
#ifndef MIRAGE_HTTP_H
#define MIRAGE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>

/* Bytes that belong to somebody else, without a NUL at their end. */
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
    struct http_text target; /* as it was sent */
    const char *path;        /* decoded, dot segments removed, begins with '/'; ends with a NUL */
    struct http_text query;  /* behind the '?', not decoded */
    struct http_text host;   /* without the port */
    uint8_t version_minor;   /* 0 or 1 */
    bool has_body;
    int64_t content_length; /* -1: chunked, its length is not known */
    size_t field_count;
    const struct http_field *fields;
};

struct http_header {
    const char *name;
    const char *value;
};

struct http_response {
    uint16_t status;
    const char *content_type; /* NULL: none is sent */
    size_t header_count;
    const struct http_header *headers; /* further ones; not those that are the server's */
    /*
     * The content's length when the body is not given: for HEAD and 304 with M_respond, and with
     * M_begin for content that is written in pieces of that sum, without chunked coding.
     */
    bool has_length;
    uint64_t length;
    bool close; /* end the connection after this response */
};

/* A client's request. */
struct http_call {
    const char *method; /* a token; NULL is "GET" */
    const char *url;    /* "http://host[:port][/path][?query]", escaped where it must be */
    size_t header_count;
    const struct http_header *headers; /* not Host, Connection, Content-Length, Transfer-Encoding */
    bool has_length;                   /* of content that is written in pieces */
    uint64_t length;
};

/* The reply to it. */
struct http_reply {
    uint16_t status;
    int64_t content_length; /* -1: not known */
    const char *url;        /* what answered, after redirects */
    size_t field_count;
    const struct http_field *fields;
};

static inline char http_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Returns the value of the first field of this name; its data is NULL when there is none. */
static inline struct http_text http_find_field(const struct http_field *fields, size_t count,
                                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const struct http_text text = fields[i].name;
        size_t at = 0;
        while (at < text.len && name[at] != '\0' && http_lower(text.data[at]) == http_lower(name[at]))
            at++;
        if (at == text.len && name[at] == '\0')
            return fields[i].value;
    }
    return (struct http_text){ NULL, 0 };
}

/* The same for a request's fields. */
static inline struct http_text http_find(const struct http_request *request, const char *name)
{
    return http_find_field(request->fields, request->field_count, name);
}

/* The reason phrase of a status code (RFC 9110, section 15), "" for an unknown one. */
static inline const char *http_reason(unsigned status)
{
    switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 305: return "Use Proxy";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
    }
}

#endif
