/*
 * RESOLVER: host names to addresses.
 *
 * M_resolve(resolver, name, out, room, count): the addresses of a host name, in the order
 *   in which they should be tried (RFC 6724), at most `room` of them. Text that is an
 *   address already is that address. ERR_NOT_FOUND: the name has none; ERR_TIMEOUT: no
 *   server answered; ERR_INVALID: it can't be a host name.
 */
#ifndef MIRAGE_SIG_RESOLVER_H
#define MIRAGE_SIG_RESOLVER_H

#include <mirage/ip.h>

#define RESOLVER(M)                                                             \
    DEVICE(M);                                                                  \
    IO err M##_resolve(struct M *resolver, const char *name, struct ip_addr *out, \
                       size_t room, size_t *count)

#endif
