/*
 * Connections by name, the addresses of both families tried in turn: Happy Eyeballs version 2 (RFC 8305).
 *
 * One fiber looks up each family, one tries each address, and the caller's decides when the next one starts.
 */
#include "race.h"

#include <stdlib.h>
#include <string.h>

PARAM(STACK, stack);
PARAM(RESOLVER, resolver);
MODULE(CONNECTOR_ON, happy_eyeballs, stack_ip, stack_tcp);

LOG_SOURCE(happy_eyeballs);

KEY_INT(attempt_delay, 250, 0, 60000, "milliseconds of head start that an address has (RFC 8305, section 5)");
KEY_INT(resolution_delay, 50, 0, 60000,
        "milliseconds to wait for IPv6 addresses when IPv4's are known (section 3)");

struct happy_eyeballs {
    struct stack *stack;
    struct resolver *resolver;
};

struct trial {
    struct happening *here;
    struct endpoint peer;
};

/* The state that the fibers of one M_open share. It is freed when all of them have ended. */
struct happening {
    struct happy_eyeballs *he;
    const char *host;
    struct race race;
    struct stack_tcp_flow *flow;
    err last;
    struct os_waitq changed;
    struct trial trials[2 * RACE_ROOM];
};

IO err happy_eyeballs_connect(struct happy_eyeballs **out, struct stack *stack, struct resolver *resolver)
{
    struct happy_eyeballs *he = malloc(sizeof *he);
    if (he == NULL)
        return ERR_NO_MEMORY;
    *he = (struct happy_eyeballs){ stack, resolver };
    *out = he;
    return OK;
}

IO void happy_eyeballs_disconnect(struct happy_eyeballs *he)
{
    free(he);
}

static IO void find(struct happening *here, enum resolver_family family)
{
    struct ip_addr list[RACE_ROOM];
    size_t count = 0;
    err e = resolver_resolve_family(here->he->resolver, here->host, family, list, RACE_ROOM, &count);
    if (e == OK && count == 0)
        e = ERR_NOT_FOUND;
    race_found(&here->race, family == RESOLVER_IPV6, e, list, count, os_now());
    os_wake_all(&here->changed);
}

static IO err find_v6(void *arg)
{
    find(arg, RESOLVER_IPV6);
    return OK;
}

static IO err find_v4(void *arg)
{
    find(arg, RESOLVER_IPV4);
    return OK;
}

static IO err try_address(void *arg)
{
    struct trial *trial = arg;
    struct happening *here = trial->here;
    struct stack_tcp_flow *flow;
    char text[IP_TEXT_SIZE];
    err e = stack_tcp_open(stack_get_tcp(here->he->stack), &trial->peer, &flow);
    log_debug("%s at %s: %s", here->host, ip_format(&trial->peer.addr, text), err_string(e));
    if (e == OK && here->flow == NULL)
        here->flow = flow;
    else if (e == OK)
        stack_tcp_abort(flow);
    else
        here->last = e;
    race_ended(&here->race, os_now());
    os_wake_all(&here->changed);
    return OK;
}

static IO err run(struct happening *here, struct os_group *group, uint16_t port)
{
    while (here->flow == NULL) {
        os_time now = os_now(), wake;
        struct ip_addr addr;
        switch (race_next(&here->race, now, &addr, &wake)) {
        case RACE_START: {
            struct trial *trial = &here->trials[here->race.started - 1];
            *trial = (struct trial){ here, { addr, port } };
            TRY(os_group_spawn(group, try_address, trial));
            break;
        }
        case RACE_WAIT: {
            err e = os_wait_until(&here->changed, wake);
            if (e != OK)
                TRY(os_check());
            break;
        }
        case RACE_LOST: return here->race.started > 0 ? here->last : race_error(&here->race);
        }
    }
    return OK;
}

IO err happy_eyeballs_open(struct happy_eyeballs *he, const char *host, uint16_t port,
                           struct stack_tcp_flow **out)
{
    struct os_group group;
    struct ip_addr addr;
    if (ip_parse(&addr, host, strlen(host)) == OK)
        return stack_tcp_open(stack_get_tcp(he->stack), &(struct endpoint){ addr, port }, out);
    struct happening *here = calloc(1, sizeof *here);
    if (here == NULL)
        return ERR_NO_MEMORY;
    here->he = he;
    here->host = host;
    race_begin(&here->race, MILLISECONDS(key_attempt_delay), MILLISECONDS(key_resolution_delay));
    os_group_init(&group);
    err e = os_group_spawn(&group, find_v6, here);
    if (e == OK)
        e = os_group_spawn(&group, find_v4, here);
    if (e == OK)
        e = run(here, &group, port);
    os_group_end(&group);
    if (e == OK)
        *out = here->flow;
    else if (here->flow != NULL)
        stack_tcp_abort(here->flow);
    free(here);
    return e;
}
