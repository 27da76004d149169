/*
 * ETHERNET: frames by type (Ethernet II; IEEE 802.3 lengths and VLAN tags are dropped and counted).
 *
 * M_info(eth, out): as NETWORK's.
 * M_write(eth, destination, type, payload): put the header before the payload and send
 *   it; takes the chain on success and on error. Errors as NETWORK's M_write.
 * M_join, M_leave(eth, group): receive a multicast address from now on, or no longer. Each M_join wants one
 *   M_leave. ERR_NO_SPACE beyond ETHERNET_GROUPS_MAX. The broadcast address need not be joined.
 * M_listen_arp, _ipv4, _ipv6(eth, ctx): raise that event with this ctx from now on; NULL stops.
 *
 * Events, on the scheduler's stack: M_on_arp, M_on_ipv4, M_on_ipv6(ctx, packet, group): a frame of
 * that type came in, for this host, a joined group or everybody. `packet` begins behind the
 * Ethernet header, in its first view, and becomes the listener's. `group` is true when the frame was sent to
 * a multicast address or to the broadcast address.
 */
#ifndef MIRAGE_SIG_ETHERNET_H
#define MIRAGE_SIG_ETHERNET_H

#include <mirage/sig/network.h>

struct ethernet_address {
    uint8_t bytes[6];
};

enum { ETHERNET_IPV4 = 0x0800, ETHERNET_ARP = 0x0806, ETHERNET_IPV6 = 0x86dd };

/* Multicast addresses that a module receives at once. */
enum { ETHERNET_GROUPS_MAX = 64 };

#define ETHERNET_BROADCAST ((struct ethernet_address){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } })

#define ETHERNET(M)                                                                         \
    DEVICE(M);                                                                              \
    void M##_info(struct M *eth, struct network_info *out);                                 \
    err M##_write(struct M *eth, const struct ethernet_address *destination, uint16_t type, \
                  struct buf *payload);                                                     \
    err M##_join(struct M *eth, const struct ethernet_address *group);                      \
    void M##_leave(struct M *eth, const struct ethernet_address *group);                    \
    void M##_listen_arp(struct M *eth, void *ctx);                                          \
    void M##_listen_ipv4(struct M *eth, void *ctx);                                         \
    void M##_listen_ipv6(struct M *eth, void *ctx);                                         \
    void M##_on_arp(void *ctx, struct buf *packet, bool group);                             \
    void M##_on_ipv4(void *ctx, struct buf *packet, bool group);                            \
    void M##_on_ipv6(void *ctx, struct buf *packet, bool group)

#endif
