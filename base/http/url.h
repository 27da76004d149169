/* URLs of the scheme http (RFC 3986; RFC 9110, section 4.2.1). Pure functions. */
#ifndef BASE_HTTP_URL_H
#define BASE_HTTP_URL_H

#include <base/http/text.h>

#define HTTP_URL_SIZE 2048
#define HTTP_HOST_SIZE 256

/* Views of the text it was read from, but for the host. */
struct http_url {
    struct http_text authority; /* as Host says it */
    struct http_text target;    /* path and query; may be empty or lack its slash */
    char host[HTTP_HOST_SIZE];  /* a name or an address, without brackets */
    uint16_t port;
};

/* ERR_INVALID; ERR_UNSUPPORTED: not http. A fragment is ignored. */
err http_url_read(struct http_url *out, const char *url);

/* The URL that a Location names, seen from `base` (RFC 3986, section 5.2). ERR_INVALID, ERR_TOO_LARGE. */
err http_url_resolve(char out[static HTTP_URL_SIZE], const struct http_url *base, struct http_text location);

#endif
