/*
 * SITE: answers HTTP exchanges from a store of files.
 *
 * M_serve(site, exchange, path): answer a GET or HEAD of `path` from the store, with ranges, conditional
 *   requests, and negotiation of the stored encodings. A dictionary is answered with its "index.html", or
 *   with a redirect to the path with the slash. Other methods are answered with 405. ERR_NOT_FOUND when the
 *   store has no such key; then nothing was sent.
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
