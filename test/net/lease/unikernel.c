#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(STACK, stack);
MODULE(JOB, lease);

ARG_DURATION(stay, "1h", "how long to stay and tell what changes");

enum { ROOM = 8 };

/* What the network told this host, in one line. */
static void describe(struct stack *stack, char *line, size_t size)
{
    struct stack_ip *ip = stack_get_ip(stack);
    struct ip_cidr addresses[ROOM];
    struct ip_addr servers[ROOM];
    char text[IP_TEXT_SIZE], domains[256];
    size_t n = stack_ip_addresses(ip, addresses, ROOM), at = 0;

    at += (size_t)snprintf(line, size, "addresses");
    for (size_t i = 0; i < n && i < ROOM && at < size; i++)
        at += (size_t)snprintf(line + at, size - at, " %s", ip_cidr_format(&addresses[i], text));
    n = stack_ip_name_servers(ip, servers, ROOM);
    if (at < size)
        at += (size_t)snprintf(line + at, size - at, "; name servers");
    for (size_t i = 0; i < n && i < ROOM && at < size; i++)
        at += (size_t)snprintf(line + at, size - at, " %s", ip_format(&servers[i], text));
    stack_ip_search_domains(ip, domains, sizeof domains);
    if (at < size)
        snprintf(line + at, size - at, "; domains %s; host name %s", domains, stack_hostname(stack));
}

IO err lease_start(struct console *console, struct stack *stack)
{
    char line[1024], last[1024] = "";
    os_time end = os_now() + stay;

    do {
        describe(stack, line, sizeof line);
        if (strcmp(line, last) != 0)
            TRY(console_log(console, line));
        snprintf(last, sizeof last, "%s", line);
        TRY(os_sleep_until(os_now() + (stay > MILLISECONDS(100) ? MILLISECONDS(100) : stay)));
    } while (os_now() < end);
    return OK;
}
