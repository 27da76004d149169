/*
 * IP for the fuzzers of the protocols above it. It has one address of each version and checks what is
 * written.
 */
#ifndef FUZZ_IP_ABOVE_H
#define FUZZ_IP_ABOVE_H

#include "host.h"

#include <base/checksum/checksum.h>
#include <base/wire/wire.h>

struct ip {
    void *tcp, *udp, *icmp;
};
static struct ip fuzz_ip;
static const struct ip_addr own[2] = { IP_V4(10, 0, 0, 2), { .bytes = { 0x20, 0x01, [15] = 2 } } };
static const struct ip_addr peer[2] = { IP_V4(10, 0, 0, 1), { .bytes = { 0x20, 0x01, [15] = 1 } } };

static void check_written(const struct ip_head *head, const struct buf *payload);

err ip_write(struct ip *ip, const struct ip_head *head, struct buf *payload)
{
    (void)ip;
    CHECK(payload != NULL);
    check_written(head, payload);
    buf_free(payload);
    return OK;
}

err ip_source(struct ip *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    (void)ip;
    *out = own[!ip_is_v4(destination)];
    return OK;
}

uint32_t ip_mtu(struct ip *ip, const struct ip_addr *destination)
{
    (void)ip, (void)destination;
    return 1480;
}
uint32_t ip_link_mtu(struct ip *ip, const struct ip_addr *destination)
{
    return ip_mtu(ip, destination);
}
void ip_reduce_mtu(struct ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    (void)ip, (void)destination, (void)mtu;
}
void ip_confirm(struct ip *ip, const struct ip_addr *destination)
{
    (void)ip, (void)destination;
}
bool ip_has(struct ip *ip, const struct ip_addr *addr)
{
    (void)ip;
    return ip_equal(addr, &own[0]) || ip_equal(addr, &own[1]);
}
size_t ip_addresses(struct ip *ip, struct ip_cidr *out, size_t room)
{
    (void)ip;
    if (room > 0)
        out[0] = (struct ip_cidr){ own[0], 24 };
    return 1;
}
uint32_t ip_offloads(struct ip *ip)
{
    (void)ip;
    return 0;
}
void ip_listen_tcp(struct ip *ip, void *ctx)
{
    ip->tcp = ctx;
}
void ip_listen_udp(struct ip *ip, void *ctx)
{
    ip->udp = ctx;
}
void ip_listen_icmp(struct ip *ip, void *ctx)
{
    ip->icmp = ctx;
}

/* Set the checksum at `field` of a message to the right value, unless the input wants a wrong one. */
static __attribute__((unused)) void correct(struct buf *b, size_t field, const struct ip_head *head,
                                            bool pseudo)
{
    if (b->len < field + 2)
        return;
    memset(b->data + field, 0, 2);
    uint32_t sum = pseudo ? checksum_pseudo(&head->source, &head->destination, head->protocol, b->len) : 0;
    checksum_store(b->data + field, checksum_add(sum, b->data, b->len));
}

#endif
