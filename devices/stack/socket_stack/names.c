/* What resolv.conf(5) tells: a file, which is read each time, as it may change at any time. */
#include "socket_stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\n";

/* Call take() with each line that begins with this word, and what follows it. */
static void each_line(const char *word, void (*take)(void *ctx, char *rest), void *ctx)
{
    FILE *file = fopen("/etc/resolv.conf", "re");
    char *line = NULL;
    size_t size = 0, len = strlen(word);

    if (file == NULL)
        return;
    while (getline(&line, &size, file) > 0)
        if (strncmp(line, word, len) == 0 && line[len] != '\0' && strchr(blanks, line[len]) != NULL)
            take(ctx, line + len);
    free(line);
    fclose(file);
}

struct servers {
    struct ip_addr *out;
    size_t room, count;
};

static void add_server(void *ctx, char *rest)
{
    struct servers *servers = ctx;
    struct ip_addr addr;
    char *text = rest + strspn(rest, blanks);

    /* An address with a scope is of no use without the link that it names. */
    if (ip_parse(&addr, text, strcspn(text, blanks)) != OK)
        return;
    if (servers->count < servers->room)
        servers->out[servers->count] = addr;
    servers->count++;
}

size_t socket_stack_ip_name_servers(struct socket_stack_ip *ip, struct ip_addr *out, size_t room)
{
    struct servers servers = { out, room, 0 };

    (void)ip;
    each_line("nameserver", add_server, &servers);
    return servers.count;
}

struct domains {
    char *out;
    size_t size, len;
};

static void put(struct domains *domains, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++, domains->len++)
        if (domains->len + 1 < domains->size)
            domains->out[domains->len] = data[i];
}

/* The last such line counts. */
static void take_domains(void *ctx, char *rest)
{
    struct domains *domains = ctx;

    domains->len = 0;
    for (char *p = rest + strspn(rest, blanks); *p != '\0'; p += strspn(p, blanks)) {
        size_t len = strcspn(p, blanks);
        if (domains->len > 0)
            put(domains, " ", 1);
        put(domains, p, len);
        p += len;
    }
}

size_t socket_stack_ip_search_domains(struct socket_stack_ip *ip, char *out, size_t size)
{
    struct domains domains = { out, size, 0 };

    (void)ip;
    each_line("search", take_domains, &domains);
    if (size > 0)
        out[domains.len < size ? domains.len : size - 1] = '\0';
    return domains.len;
}
