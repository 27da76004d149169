/* An ETHERNET for the fuzzers, which checks and drops what is written. */
#ifndef FUZZ_IP_LINK_H
#define FUZZ_IP_LINK_H

#include "host.h"

struct eth {
    void *arp, *ipv4, *ipv6;
    size_t written, joined;
};
static struct eth fuzz_eth;

static void check_written(struct eth *eth, uint16_t type, struct buf *payload);

void eth_info(struct eth *eth, struct network_info *out)
{
    (void)eth;
    *out = (struct network_info){ .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500 };
}

err eth_write(struct eth *eth, const struct ethernet_address *destination, uint16_t type, struct buf *payload)
{
    CHECK(payload != NULL && destination != NULL && buf_len(payload) <= 1500);
    eth->written++;
    check_written(eth, type, payload);
    buf_free(payload);
    return OK;
}

err eth_join(struct eth *eth, const struct ethernet_address *group)
{
    (void)group;
    eth->joined++;
    return OK;
}
void eth_leave(struct eth *eth, const struct ethernet_address *group)
{
    (void)group;
    CHECK(eth->joined-- > 0);
}
void eth_listen_arp(struct eth *eth, void *ctx)
{
    eth->arp = ctx;
}
void eth_listen_ipv4(struct eth *eth, void *ctx)
{
    eth->ipv4 = ctx;
}
void eth_listen_ipv6(struct eth *eth, void *ctx)
{
    eth->ipv6 = ctx;
}

#endif
