/*
 * ETHERNET: frames by type (Ethernet II; IEEE 802.3 lengths are dropped).
 *
 * M_info(eth, out): as NETWORK's.
 * M_write(eth, destination, type, payload): put the header before the payload and send
 *   it; takes the chain on success and on error. Errors as NETWORK's M_write.
 * M_listen_arp, _ipv4, _ipv6(eth, ctx): raise that event with this ctx from now on; NULL stops.
 *
 * Events, on the scheduler's stack: M_on_arp, M_on_ipv4, M_on_ipv6(ctx, packet): a frame of
 * that type for this host, a multicast group or everybody came in; `packet` begins behind the
 * Ethernet header and becomes the listener's.
 */
#ifndef MIRAGE_SIG_ETHERNET_H
#define MIRAGE_SIG_ETHERNET_H

#include <mirage/sig/network.h>

struct ethernet_address {
    uint8_t bytes[6];
};

#define ETHERNET(M)                                                                     \
    DEVICE(M);                                                                          \
    void M##_info(struct M *eth, struct network_info *out);                             \
    err M##_write(struct M *eth, const struct ethernet_address *destination,            \
                  uint16_t type, struct buf *payload);                                  \
    void M##_listen_arp(struct M *eth, void *ctx);                                      \
    void M##_listen_ipv4(struct M *eth, void *ctx);                                     \
    void M##_listen_ipv6(struct M *eth, void *ctx);                                     \
    void M##_on_arp(void *ctx, struct buf *packet);                                     \
    void M##_on_ipv4(void *ctx, struct buf *packet);                                    \
    void M##_on_ipv6(void *ctx, struct buf *packet)

#endif
