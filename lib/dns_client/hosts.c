#include "dns_client.h"

#include <string.h>
#include <strings.h>

KEY_STRINGS(hosts, "127.0.0.1 localhost", "::1 localhost");

static const char blanks[] = " \t";

/* The address that an entry begins with; `names` is what follows. */
static err read_entry(const char *entry, struct ip_addr *out, const char **names)
{
    entry += strspn(entry, blanks);
    size_t len = strcspn(entry, blanks);
    *names = entry + len;
    return ip_parse(out, entry, len);
}

INTERNAL err hosts_check(void)
{
    struct ip_addr addr;
    const char *names;
    for (const char *const *entry = key_hosts; *entry != NULL; entry++)
        if (read_entry(*entry, &addr, &names) != OK || names[strspn(names, blanks)] == '\0') {
            log_error("'%s' of the key 'hosts' is not an address and names behind it", *entry);
            return ERR_FORMAT;
        }
    return OK;
}

/* Compare texts without regard to a final dot. */
static bool same_host(const char *name, const char *other, size_t len)
{
    size_t name_len = strlen(name);
    if (name_len > 0 && name[name_len - 1] == '.')
        name_len--;
    if (len > 0 && other[len - 1] == '.')
        len--;
    return name_len == len && strncasecmp(name, other, len) == 0;
}

static bool names_contain(const char *names, const char *name)
{
    for (names += strspn(names, blanks); *names != '\0'; names += strspn(names, blanks)) {
        size_t len = strcspn(names, blanks);
        if (same_host(name, names, len))
            return true;
        names += len;
    }
    return false;
}

/* "a.localhost" is this host too (RFC 6761, section 6.3). */
static const char *without_subdomain(const char *name)
{
    static const char suffix[] = ".localhost";
    size_t len = strlen(name), n = sizeof suffix - 1;
    if (len > 0 && name[len - 1] == '.')
        len--;
    return len > n && strncasecmp(name + len - n, suffix, n) == 0 ? suffix + 1 : name;
}

INTERNAL size_t hosts_find(const char *name, enum resolver_family family, struct ip_addr *out, size_t room,
                           bool *known)
{
    size_t count = 0;
    struct ip_addr addr;
    const char *names;
    *known = false;
    name = without_subdomain(name);
    for (const char *const *entry = key_hosts; *entry != NULL; entry++) {
        if (read_entry(*entry, &addr, &names) != OK || !names_contain(names, name))
            continue;
        *known = true;
        if (ip_is_v4(&addr) == (family == RESOLVER_IPV4) && count < room)
            out[count++] = addr;
    }
    return count;
}
