#include "resolver_unix.h"

#include <string.h>
#include <sys/socket.h>

INTERNAL bool name_valid(const char *name)
{
    size_t len = strlen(name), label = 0, last;
    bool digits = true;

    if (len && name[len - 1] == '.')
        len--;
    if (len == 0 || len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (c == '.') {
            if (label == 0 || name[i - 1] == '-')
                return false;
            label = 0;
            digits = true;
            continue;
        }
        if (++label > LABEL_MAX_LEN || (c == '-' && label == 1))
            return false;
        if (c >= '0' && c <= '9')
            continue;
        digits = false;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'))
            return false;
    }
    last = len - label;
    if (label >= 2 && name[last] == '0' && (name[last + 1] == 'x' || name[last + 1] == 'X') &&
        last + 2 + strspn(name + last + 2, "0123456789abcdefABCDEF") >= len)
        return false;
    return label && !digits && name[len - 1] != '-';
}

static IO err resolve(struct resolver_unix *resolver, const char *name, int family, struct ip_addr *out, size_t room, size_t *count)
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
    if (!name_valid(name))
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

IO err resolver_unix_resolve_family(struct resolver_unix *resolver, const char *name, enum resolver_family family,
                                    struct ip_addr *out, size_t room, size_t *count)
{
    return resolve(resolver, name, family == RESOLVER_IPV4 ? AF_INET : AF_INET6, out, room, count);
}
