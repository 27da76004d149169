#include "dns_client.h"

#include <string.h>

ARG_STRINGS(search, NULL,
            "domains in which to look for short names, instead of those that the network tells");
KEY_INT(ndots, 1, 0, 15, "dots that a name needs to be looked for as it stands first");

enum { DOMAINS_SIZE = 1024 };

/* The n-th domain to look in, from the arguments or from the network. */
static bool search_domain(struct dns_client *client, size_t n, struct dns_name *out)
{
    char domains[DOMAINS_SIZE];
    if (n >= SEARCH_MAX)
        return false;
    if (search.count > 0)
        return n < search.count && dns_name_from_text(out, search.items[n], strlen(search.items[n])) == OK;
    if (stack_ip_search_domains(stack_get_ip(client->stack), domains, sizeof domains) >= sizeof domains)
        return false;
    const char *p = domains + strspn(domains, " ");
    for (; *p != '\0'; p += strcspn(p, " "), p += strspn(p, " "))
        if (n-- == 0)
            return dns_name_from_text(out, p, strcspn(p, " ")) == OK;
    return false;
}

INTERNAL err name_candidate(struct dns_client *client, const char *name, size_t n, struct dns_name *out)
{
    size_t len = strlen(name);
    int64_t dots = 0;
    bool more = true;
    struct dns_name domain;
    TRY(dns_name_from_text(out, name, len));
    if (name[len - 1] == '.')
        return n == 0 ? OK : ERR_END;
    for (const char *p = name; *p != '\0'; p++)
        dots += *p == '.';
    /* As it stands first, or behind all the domains. */
    if (dots >= key_ndots) {
        if (n == 0)
            return OK;
        more = search_domain(client, n - 1, &domain);
    } else if (!search_domain(client, n, &domain)) {
        return n == 0 || search_domain(client, n - 1, &domain) ? OK : ERR_END;
    }
    return more ? dns_name_append(out, &domain) : ERR_END;
}

INTERNAL bool name_is_nowhere(const struct dns_name *name)
{
    static const char *const domains[] = { "invalid", "onion", "localhost" };
    struct dns_name domain;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        if (dns_name_from_text(&domain, domains[i], strlen(domains[i])) == OK &&
            dns_name_is_below(name, &domain))
            return true;
    return false;
}
