#include "dns_client.h"

#include <string.h>

ARG_IPS(nameserver, NULL, "DNS servers to ask, instead of those that the network tells");
ARG_PORT(nameserver_port, 53, "their port");
KEY_INT(attempts, 3, 1, 100, "how often all servers are asked before it is a timeout");
KEY_INT(first_wait, 1000, 1, 60000,
        "milliseconds to wait for the first server; twice as long in each further round");
KEY_INT(longest_wait, 8000, 1, 600000, "milliseconds to wait for a server at most");
KEY_INT(configuration_wait, 15, 0, 86400,
        "seconds from the beginning in which the network may tell of servers");

/* The servers to ask, best first. */
static size_t find_servers(struct dns_client *client, struct ip_addr out[static SERVERS_MAX])
{
    size_t count = nameserver.count;
    if (count > 0) {
        if (count > SERVERS_MAX)
            count = SERVERS_MAX;
        memcpy(out, nameserver.items, count * sizeof *out);
        return count;
    }
    count = stack_ip_name_servers(stack_get_ip(client->stack), out, SERVERS_MAX);
    return count < SERVERS_MAX ? count : SERVERS_MAX;
}

/* Between 3/4 and 5/4 of the time, so that many clients do not ask in step. */
static os_time jitter(struct dns_client *client, os_time wait)
{
    return wait * 3 / 4 + (os_time)random_below(client->random, (uint32_t)(wait / MICROSECONDS(1) / 2 + 1)) *
                              MICROSECONDS(1);
}

static void show(const struct exchange *x, const char *what)
{
    char text[IP_TEXT_SIZE], name[DNS_TEXT_SIZE];
    if (!log_enabled(&log_source_here, LOG_LEVEL_DEBUG))
        return;
    dns_name_to_text(&x->query.name, name);
    log_debug("%s, type %u, at %s: %s", name, x->query.type, ip_format(&x->server.addr, text), what);
}

/*
 * Until when a server may answer by TCP. When there are others, one whose TCP is silent costs little more
 * than one that does not answer by UDP.
 */
static os_time tcp_until(os_time begun, os_time wait, bool alone)
{
    os_time now = os_now();
    if (alone)
        return now + MILLISECONDS(key_longest_wait);
    return begun + 2 * wait > now + wait ? begun + 2 * wait : now + wait;
}

/* Ask one server, once; `alone` says that there is no other. ERR_IO: it cannot tell. */
static IO err ask_server(struct exchange *x, os_time wait, bool alone, struct dns_answer *out)
{
    os_time begun = os_now();
    err e;
    metric_add(&x->client->queries, 1);
    e = exchange_by_udp(x, begun + wait, out);
    if (e == ERR_UNSUPPORTED) {
        x->any_case = true;
        e = exchange_by_udp(x, os_now() + wait, out);
    }
    if (e == ERR_TOO_LARGE)
        e = exchange_by_tcp(x, tcp_until(begun, wait, alone), out);
    show(x, e != OK ? err_string(e) : out->kind == DNS_ANSWER_FAILED ? "it cannot tell" : "answered");
    if (e == OK && out->kind == DNS_ANSWER_FAILED) {
        /* An old server may not understand EDNS (RFC 6891, section 7): ask it again without. */
        unsigned rcode = out->rcode;
        if (x->edns && (rcode == DNS_FORMERR || rcode == DNS_NOTIMP || rcode == DNS_BADVERS)) {
            x->edns = false;
            return ask_server(x, wait, alone, out);
        }
        return ERR_IO;
    }
    return e;
}

/*
 * The servers, as soon as there are any: a host may have an address before the network has told it whom to
 * ask, but not for long after it has begun.
 */
static IO err wait_for_servers(struct dns_client *client, struct ip_addr out[static SERVERS_MAX],
                               size_t *count)
{
    os_time until = client->began + SECONDS(key_configuration_wait);
    err e = stack_ip_wait(stack_get_ip(client->stack), until > os_now() ? until : os_now());
    TRY(os_check());
    while ((*count = find_servers(client, out)) == 0) {
        if (e != OK || os_now() >= until)
            return ERR_UNREACHABLE;
        TRY(os_sleep_until(os_now() + MILLISECONDS(50)));
    }
    return OK;
}

INTERNAL IO err ask(struct dns_client *client, const struct dns_name *name, uint16_t type,
                    struct dns_answer *out)
{
    struct ip_addr servers[SERVERS_MAX];
    struct habits habits[SERVERS_MAX];
    bool told = false;
    os_time wait = MILLISECONDS(key_first_wait);
    size_t count;
    err last = ERR_UNREACHABLE;
    TRY(wait_for_servers(client, servers, &count));
    for (size_t i = 0; i < count; i++)
        habits[i] = habits_of(client, &servers[i]);
    for (int64_t round = 0; round < key_attempts; round++) {
        for (size_t i = 0; i < count; i++) {
            size_t n = (client->preferred + i) % count;
            struct exchange x = {
                .client = client,
                .server = { servers[n], nameserver_port },
                .query = { .type = type, .name = *name },
                .edns = !habits[n].plain,
                .any_case = habits[n].any_case,
            };
            err e = ask_server(&x, jitter(client, wait), count == 1, out);
            habits[n].plain = !x.edns;
            habits[n].any_case = x.any_case;
            if (e == OK) {
                client->preferred = n;
                habits_note(client, &habits[n]);
                return OK;
            }
            TRY(os_check());
            told |= e == ERR_IO;
            if (e == ERR_TIMEOUT)
                metric_add(&client->timeouts, 1);
            last = e;
        }
        /* When all servers say that they cannot tell, asking them again at once is of no use. */
        if (told && last == ERR_IO && count == 1)
            break;
        if (last != ERR_TIMEOUT)
            TRY(os_sleep_until(os_now() + jitter(client, MILLISECONDS(100))));
        wait = wait * 2 < MILLISECONDS(key_longest_wait) ? wait * 2 : MILLISECONDS(key_longest_wait);
    }
    if (last == ERR_NO_MEMORY || last == ERR_UNREACHABLE)
        return last;
    return told ? ERR_IO : ERR_TIMEOUT;
}
