/* URLs of the scheme http (RFC 3986; RFC 9110, section 4.2.1) and replies' heads. Pure functions. */
#ifndef HTTP_CLIENT_URL_H
#define HTTP_CLIENT_URL_H

#include <mirage/functor.h>
#include <base/http/chunked.h>

#define CLIENT_URL_SIZE 2048
#define CLIENT_HOST_SIZE 256
#define CLIENT_FIELDS_MAX 64

/* Views of the text it was read from, but for the host. */
struct client_url {
    struct http_text authority;  /* as Host says it */
    struct http_text target;     /* path and query; may be empty or lack its slash */
    char host[CLIENT_HOST_SIZE]; /* a name or an address, without brackets */
    uint16_t port;
};

/* ERR_INVALID; ERR_UNSUPPORTED: not http. A fragment is ignored. */
INTERNAL err client_url_read(struct client_url *out, const char *url);

/* The URL that a Location names, seen from `base` (RFC 3986, section 5.2). ERR_INVALID, ERR_TOO_LARGE. */
INTERNAL err client_url_resolve(char out[static CLIENT_URL_SIZE], const struct client_url *base,
                                struct http_text location);

enum client_framing { CLIENT_NO_CONTENT, CLIENT_LENGTH, CLIENT_CHUNKED, CLIENT_UNTIL_CLOSE };

struct client_head {
    struct http_reply reply;
    struct http_field fields[CLIENT_FIELDS_MAX];
    enum client_framing framing;
};

/*
 * The length of the head at the beginning of `data`, looking for its end from *scanned on; 0: not yet whole.
 */
INTERNAL size_t client_head_length(const char *data, size_t len, size_t *scanned);

/*
 * Read a whole head (RFC 9112, sections 4 and 6.3). `to_head`: the request was a HEAD. ERR_FORMAT,
 * ERR_TOO_LARGE, ERR_UNSUPPORTED. The fields are views of `data`.
 */
INTERNAL err client_head_read(struct client_head *head, const char *data, size_t len, bool to_head);

#endif
