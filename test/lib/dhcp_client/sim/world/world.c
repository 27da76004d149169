/*
 * Runs a host for days of virtual time with a DHCP server that changes its mind, forgets and is silent for a
 * while.
 */
#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/dhcp/dhcp.h>

PARAM(CONSOLE, console);
PARAM(STACK, host);
PARAM(STACK, server);
MODULE(JOB, world);

enum { LEASE = 1200, SECONDS_OF_DAY = 86400 };

struct state {
    struct server_udp_socket *socket;
    struct ip_addr offer; /* the address that it offers */
    bool asleep, refuses; /* it refuses the address that it leased before */
    unsigned acks, naks, releases;
};

static void answer(struct state *s, const struct dhcp_message *m, struct dhcp_message *reply)
{
    *reply = (struct dhcp_message){
        .type = DHCP_OFFER,
        .reply = true,
        .id = m->id,
        .broadcast = m->broadcast,
        .client = m->client,
        .yours = s->offer,
        .server = IP_V4(10, 0, 0, 1),
        .has_mask = true,
        .prefix = 24,
        .lease = LEASE,
        .router_count = 1,
        .name_server_count = 1,
    };
    memcpy(reply->mac, m->mac, sizeof m->mac);
    reply->routers[0] = reply->name_servers[0] = reply->server;
    if (m->type == DHCP_DISCOVER)
        return;
    const struct ip_addr *asked = ip_is_any(&m->client) ? &m->requested : &m->client;
    bool grant = !s->refuses && ip_equal(asked, &s->offer);
    reply->type = grant ? DHCP_ACK : DHCP_NAK;
    s->acks += grant;
    s->naks += !grant;
    if (!grant) {
        reply->yours = IP_ANY;
        reply->lease = 0;
        reply->has_mask = false;
        reply->broadcast = true;
    }
}

static IO err serve(void *arg)
{
    struct state *s = arg;
    for (;;) {
        struct endpoint from, to = { IP_V4(255, 255, 255, 255), DHCP_CLIENT_PORT };
        struct dhcp_message m, reply;
        struct buf *b;
        TRY(server_udp_receive(s->socket, &from, &b));
        if (b != NULL && (b = buf_pull_up(b, buf_len(b))) == NULL)
            return ERR_NO_MEMORY;
        err e = b == NULL ? ERR_FORMAT : dhcp_parse(&m, b->data, b->len);
        buf_free(b);
        if (e != OK || s->asleep)
            continue;
        s->releases += m.type == DHCP_RELEASE;
        if (m.type != DHCP_DISCOVER && m.type != DHCP_REQUEST)
            continue;
        answer(s, &m, &reply);
        if ((b = buf_alloc(DHCP_MESSAGE_ROOM)) == NULL)
            return ERR_NO_MEMORY;
        b->len = (uint32_t)dhcp_emit(&reply, b->data);
        if (!reply.broadcast && !ip_is_any(&m.client))
            to.addr = m.client;
        IGNORE(server_udp_send(s->socket, &to, b));
    }
}

static bool has(struct host *host, const struct ip_addr *addr)
{
    return host_ip_has(host_get_ip(host), addr);
}

/* Seconds of the next `span` in which the host has this address. */
static IO err watch(struct host *host, const struct ip_addr *addr, int span, int *with)
{
    *with = 0;
    for (int i = 0; i < span; i++) {
        TRY(os_sleep_until(os_now() + SECONDS(1)));
        *with += has(host, addr);
    }
    return OK;
}

static IO err live(struct console *console, struct host *host, struct state *s)
{
    struct ip_addr first = IP_V4(10, 0, 0, 50), second = IP_V4(10, 0, 0, 51);
    int early, day, asleep, back, moved, old;
    char line[200];
    TRY(watch(host, &first, 600, &early));
    TRY(watch(host, &first, SECONDS_OF_DAY, &day));
    s->asleep = true;
    TRY(watch(host, &first, 2 * LEASE, &asleep));
    bool lost = !has(host, &first);
    s->asleep = false;
    TRY(watch(host, &first, 600, &back));
    unsigned acks = s->acks;
    /* Another host has the address now, so the server offers another one. */
    s->offer = second;
    TRY(watch(host, &second, 2 * LEASE, &moved));
    old = has(host, &first);
    bool good = early > 300 && day > SECONDS_OF_DAY * 98 / 100 && lost && asleep <= LEASE && back > 100 &&
                moved > 300 && !old && acks > SECONDS_OF_DAY / LEASE && acks < SECONDS_OF_DAY / LEASE * 8 &&
                s->naks > 0;
    snprintf(
        line, sizeof line,
        "%s: with an address %d of 600, %d of %d, %d of %d asleep, %d of 600, %d of %d; %u acks, %u naks",
        good ? "well" : "badly", early, day, SECONDS_OF_DAY, asleep, 2 * LEASE, back, moved, 2 * LEASE, acks,
        s->naks);
    TRY(console_log(console, line));
    return good ? OK : ERR_TIMEOUT;
}

IO err world_start(struct console *console, struct host *host, struct server *server)
{
    struct state s = { .offer = IP_V4(10, 0, 0, 50) };
    struct os_group group;
    TRY(server_udp_bind(server_get_udp(server), &IP_ANY, DHCP_SERVER_PORT, &s.socket));
    os_group_init(&group);
    err e = os_group_spawn(&group, serve, &s);
    if (e == OK)
        e = live(console, host, &s);
    os_group_end(&group);
    server_udp_unbind(s.socket);
    return e;
}
