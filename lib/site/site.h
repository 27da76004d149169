/*
 * Answers HTTP exchanges from a store of files: GET and HEAD.
 *
 * Of HTTP it knows what concerns a representation: conditions, ranges, codings (RFC 9110, sections 8, 12, 13
 * and 14).
 */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <mirage/functor.h>

#include <base/http/asked.h>

PARAM(HTTP, http);
PARAM(KV_RO, kv);
MODULE(SITE_ON, site, http);

LOG_SOURCE(site);

#define SITE_BOUNDARY_SIZE 33
#define SITE_TYPE_SIZE 128

struct site {
    struct http *http;
    struct kv *kv;
    char
        boundary[SITE_BOUNDARY_SIZE]; /* of multipart/byteranges: not to be guessed by who writes the files */
};

/* The variant of a value that is going to be sent. */
struct site_file {
    struct kv_value *value;
    enum kv_encoding encoding;
    uint64_t size;
    int64_t modified; /* seconds; 0: unknown */
    bool varies;      /* there is another variant */
    char etag[SITE_ETAG_SIZE];
    char type[SITE_TYPE_SIZE]; /* "": unknown */
};

/* send.c */

/* Answer the exchange with the whole of it, or with the ranges. Closes the value. */
INTERNAL IO err site_send(struct site *site, struct http_exchange *exchange, const struct site_file *file,
                          struct http_response *response, const struct http_range *ranges, size_t count);

#endif
