/*
 * RESOLVER: looks up in the DNS the addresses, services and texts of a name.
 *
 * M_resolve(resolver, name, out, room, count): the addresses of a host name, in the order
 *   in which they should be tried (RFC 6724), at most `room` of them. A name that is the text
 *   of an address gives that address.
 * M_resolve_family(resolver, name, family, out, room, count): the same for the addresses of one family, so
 *   that those of the other need not be waited for (RFC 8305, section 3).
 * M_resolve_services(resolver, name, out, room, count): the SRV records of a name such as
 *   "_ldap._tcp.example.com", in the order in which they should be tried: by priority, and within one
 *   priority at random by weight (RFC 2782).
 * M_resolve_texts(resolver, name, out): the TXT records of a name, as a chain with one view for each record.
 *   The strings of a record are joined (RFC 7208, section 3.3). The chain becomes the caller's.
 *
 * ERR_NOT_FOUND: the name has no such records, or its SRV record says that the service does not exist
 * (RFC 2782). ERR_TIMEOUT: no server answered. ERR_IO: the servers could not tell. ERR_UNREACHABLE: there is
 * no server to ask. ERR_INVALID: the text can't be a host name.
 */
#ifndef MIRAGE_SIG_RESOLVER_H
#define MIRAGE_SIG_RESOLVER_H

#include <base/ip/ip.h>

enum resolver_family { RESOLVER_IPV4, RESOLVER_IPV6 };

/* Room for the text of a host name (RFC 1035, section 2.3.4), with its NUL. */
#define RESOLVER_NAME_SIZE 256

struct resolver_service {
    uint16_t priority, weight;
    uint16_t port; /* host order */
    char host[RESOLVER_NAME_SIZE];
};

#define RESOLVER(M)                                                                                 \
    DEVICE(M);                                                                                      \
    IO err M##_resolve(struct M *resolver, const char *name, struct ip_addr *out, size_t room,      \
                       size_t *count);                                                              \
    IO err M##_resolve_family(struct M *resolver, const char *name, enum resolver_family family,    \
                              struct ip_addr *out, size_t room, size_t *count);                     \
    IO err M##_resolve_services(struct M *resolver, const char *name, struct resolver_service *out, \
                                size_t room, size_t *count);                                        \
    IO err M##_resolve_texts(struct M *resolver, const char *name, struct buf **out)

#endif
