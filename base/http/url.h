/* URLs of the scheme http (RFC 3986; RFC 9110, section 4.2.1). Pure functions. */
#ifndef BASE_HTTP_URL_H
#define BASE_HTTP_URL_H

#include <base/http/text.h>

#define HTTP_URL_SIZE 2048
#define HTTP_HOST_SIZE 256

/* A URL. All fields except the host are views of the text that it was read from. */
struct http_url {
    struct http_text authority; /* the value for the Host field */
    struct http_text target;    /* path and query; may be empty or without its first slash */
    char host[HTTP_HOST_SIZE];  /* a name or an address, without brackets */
    uint16_t port;
};

/* Read a URL. A fragment is ignored. ERR_INVALID, and ERR_UNSUPPORTED when the scheme is not http. */
err http_url_read(struct http_url *out, const char *url);

/* The URL of a Location field, relative to `base` (RFC 3986, section 5.2). ERR_INVALID, ERR_TOO_LARGE. */
err http_url_resolve(char out[static HTTP_URL_SIZE], const struct http_url *base, struct http_text location);

#endif
