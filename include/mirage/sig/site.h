/*
 * SITE: answers HTTP exchanges from a store of files.
 *
 * M_serve(site, exchange, path): answer a GET or HEAD of `path` from the store: ranges, conditional
 *   requests, content negotiation of stored encodings, "index.html" for a dictionary (and a redirect to the
 *   slash), 405 for other methods. ERR_NOT_FOUND when the store has no such key: nothing was sent.
 */
#ifndef MIRAGE_SIG_SITE_H
#define MIRAGE_SIG_SITE_H

#include <mirage/sig/http.h>

#define SITE(M) SITE_ON(M, M##_http)

#define SITE_ON(M, H)           \
    SUBMODULE(HTTP, H) HTTP(H); \
    DEVICE(M);                  \
    IO err M##_serve(struct M *site, struct H##_exchange *exchange, const char *path)

#endif
