#include "resolver_unix.h"

#include <string.h>
#include <sys/socket.h>

static IO err resolve(struct resolver_unix *resolver, const char *name, int family, struct ip_addr *out,
                      size_t room, size_t *count)
{
    struct lookup *lookup;
    struct ip_addr address;

    if (ip_parse(&address, name, strlen(name)) == OK) {
        if (family != AF_UNSPEC && (family == AF_INET) != ip_is_v4(&address))
            return ERR_NOT_FOUND;
        *count = room ? 1 : 0;
        if (room)
            *out = address;
        return OK;
    }
    if (!host_name_valid(name))
        return ERR_INVALID;
    TRY(look_up(resolver, name, family, 0, &lookup));
    *count = lookup->count < room ? lookup->count : room;
    memcpy(out, lookup->addresses, *count * sizeof *out);
    lookup_free(lookup);
    return OK;
}

IO err resolver_unix_resolve(struct resolver_unix *resolver, const char *name, struct ip_addr *out,
                             size_t room, size_t *count)
{
    return resolve(resolver, name, AF_UNSPEC, out, room, count);
}

IO err resolver_unix_resolve_family(struct resolver_unix *resolver, const char *name,
                                    enum resolver_family family, struct ip_addr *out, size_t room,
                                    size_t *count)
{
    return resolve(resolver, name, family == RESOLVER_IPV4 ? AF_INET : AF_INET6, out, room, count);
}
