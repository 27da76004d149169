/*
 * Both versions of IP as one: an address tells which of the two a packet goes to, and events of both rise as
 * one.
 */
#include <mirage/functor.h>

#include <stdlib.h>

PARAM(IP, v4);
PARAM(IP, v6);
MODULE(IP, ip);
CATALOG(direct_ip, v4, v6);

struct ip {
    struct v4 *v4;
    struct v6 *v6;
};

IO err ip_connect(struct ip **out, struct v4 *v4, struct v6 *v6)
{
    struct ip *ip = calloc(1, sizeof *ip);

    if (ip == NULL)
        return ERR_NO_MEMORY;
    ip->v4 = v4;
    ip->v6 = v6;
    *out = ip;
    return OK;
}

IO void ip_disconnect(struct ip *ip)
{
    ip_listen_tcp(ip, NULL);
    ip_listen_udp(ip, NULL);
    ip_listen_icmp(ip, NULL);
    free(ip);
}

err ip_write(struct ip *ip, const struct ip_head *head, struct buf *payload)
{
    return ip_is_v4(&head->destination) ? v4_write(ip->v4, head, payload) : v6_write(ip->v6, head, payload);
}

err ip_source(struct ip *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    return ip_is_v4(destination) ? v4_source(ip->v4, destination, out) : v6_source(ip->v6, destination, out);
}

uint32_t ip_mtu(struct ip *ip, const struct ip_addr *destination)
{
    return ip_is_v4(destination) ? v4_mtu(ip->v4, destination) : v6_mtu(ip->v6, destination);
}

uint32_t ip_link_mtu(struct ip *ip, const struct ip_addr *destination)
{
    return ip_is_v4(destination) ? v4_link_mtu(ip->v4, destination) : v6_link_mtu(ip->v6, destination);
}

void ip_reduce_mtu(struct ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    if (ip_is_v4(destination))
        v4_reduce_mtu(ip->v4, destination, mtu);
    else
        v6_reduce_mtu(ip->v6, destination, mtu);
}

void ip_learn_mtu(struct ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    if (ip_is_v4(destination))
        v4_learn_mtu(ip->v4, destination, mtu);
    else
        v6_learn_mtu(ip->v6, destination, mtu);
}

void ip_confirm(struct ip *ip, const struct ip_addr *destination)
{
    if (ip_is_v4(destination))
        v4_confirm(ip->v4, destination);
    else
        v6_confirm(ip->v6, destination);
}

bool ip_has(struct ip *ip, const struct ip_addr *addr)
{
    return ip_is_v4(addr) ? v4_has(ip->v4, addr) : v6_has(ip->v6, addr);
}

size_t ip_addresses(struct ip *ip, struct ip_cidr *out, size_t room)
{
    size_t n = v4_addresses(ip->v4, out, room), given = n < room ? n : room;
    return n + v6_addresses(ip->v6, out + given, room - given);
}

/* Segmentation is offered for each IP version by itself. All other offloads must be offered by both. */
uint32_t ip_offloads(struct ip *ip)
{
    uint32_t a = v4_offloads(ip->v4), b = v6_offloads(ip->v6);
    return (a & NETWORK_TSO4) | (b & NETWORK_TSO6) | (a & b);
}

size_t ip_name_servers(struct ip *ip, struct ip_addr *out, size_t room)
{
    size_t n = v4_name_servers(ip->v4, out, room), given = n < room ? n : room;
    return n + v6_name_servers(ip->v6, out + given, room - given);
}

size_t ip_search_domains(struct ip *ip, char *out, size_t size)
{
    size_t n = v4_search_domains(ip->v4, out, size), more = v6_search_domains(ip->v6, NULL, 0);

    if (n > 0 && more > 0) {
        if (n + 1 < size)
            out[n] = ' ';
        n++;
    }
    size_t at = n < size ? n : size;
    return n + v6_search_domains(ip->v6, out + at, size - at);
}

/* The wait for one IP version, on a fiber of its own. */
struct wait {
    struct ip *ip;
    os_time until;
    int failed;
    struct os_promise ready;
};

static void note(struct wait *wait, err e)
{
    if (e == OK)
        os_promise_resolve(&wait->ready, NULL);
    else if (++wait->failed == 2)
        os_promise_fail(&wait->ready, e);
}

static IO err wait_v4(void *arg)
{
    struct wait *wait = arg;
    note(wait, v4_wait(wait->ip->v4, wait->until));
    return OK;
}

static IO err wait_v6(void *arg)
{
    struct wait *wait = arg;
    note(wait, v6_wait(wait->ip->v6, wait->until));
    return OK;
}

IO err ip_wait(struct ip *ip, os_time until)
{
    struct wait wait = { .ip = ip, .until = until };
    struct os_group group;

    os_group_init(&group);
    err e = os_group_spawn(&group, wait_v4, &wait);
    if (e == OK)
        e = os_group_spawn(&group, wait_v6, &wait);
    if (e == OK)
        e = os_promise_await(&wait.ready, NULL);
    os_group_end(&group);
    return e;
}

void ip_listen_tcp(struct ip *ip, void *ctx)
{
    v4_listen_tcp(ip->v4, ctx);
    v6_listen_tcp(ip->v6, ctx);
}

void ip_listen_udp(struct ip *ip, void *ctx)
{
    v4_listen_udp(ip->v4, ctx);
    v6_listen_udp(ip->v6, ctx);
}

void ip_listen_icmp(struct ip *ip, void *ctx)
{
    v4_listen_icmp(ip->v4, ctx);
    v6_listen_icmp(ip->v6, ctx);
}

/* The listener's ctx was passed to both versions, so that it need not be looked up here. */
void v4_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    ip_on_tcp(ctx, payload, head);
}

void v6_on_tcp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    ip_on_tcp(ctx, payload, head);
}

void v4_on_udp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    ip_on_udp(ctx, payload, head);
}

void v6_on_udp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    ip_on_udp(ctx, payload, head);
}

void v4_on_icmp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    ip_on_icmp(ctx, payload, head);
}

void v6_on_icmp(void *ctx, struct buf *payload, const struct ip_head *head)
{
    ip_on_icmp(ctx, payload, head);
}

void v4_on_problem(void *ctx, struct buf *packet, const struct ip_problem *problem)
{
    ip_on_problem(ctx, packet, problem);
}

void v6_on_problem(void *ctx, struct buf *packet, const struct ip_problem *problem)
{
    ip_on_problem(ctx, packet, problem);
}
