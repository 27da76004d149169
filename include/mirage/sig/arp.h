/*
 * ARP: IPv4 neighbours by RFC 826, with the conflict detection of RFC 5227.
 *
 * M_write(arp, next_hop, packet): send an IPv4 packet to a neighbour. When the neighbour's link address
 *   isn't known, it is asked for first; meanwhile the packet waits in a bounded queue, and it is dropped when
 *   nobody answers. Takes the chain. ERR_NO_SPACE, or as ETHERNET's M_write.
 * M_resolve(arp, addr, out): wait for a neighbour's address. ERR_UNREACHABLE when nobody answers.
 * M_add(arp, addr, probe): answer for this address and announce it. With `probe`, first ask for some
 *   seconds whether another host uses the address (RFC 5227, section 2.1.1); ERR_EXISTS if one does. Without
 *   it, returns at once. ERR_NO_SPACE beyond a few addresses.
 * M_remove(arp, addr): stop answering for it.
 * M_set_network(arp, network): remember, of hosts that ask for our addresses without having been asked, those
 *   of this network only. A prefix of 0, as before the first call, is every network.
 * M_listen(arp, ctx): raise events with this ctx; NULL stops.
 *
 * Event, on the scheduler's stack: M_on_conflict(ctx, addr, lost): another host claims an
 * address that M_add was given. The address was defended (RFC 5227, section 2.4). With `lost` the other host
 * insists on it: a listener that can use another address should remove this one.
 */
#ifndef MIRAGE_SIG_ARP_H
#define MIRAGE_SIG_ARP_H

#include <base/ip/ip.h>
#include <mirage/sig/ethernet.h>

#define ARP(M) ARP_ON(M, M##_eth)

#define ARP_ON(M, E)                                                                             \
    SUBMODULE(ETHERNET, E) ETHERNET(E);                                                          \
    DEVICE(M);                                                                                   \
    err M##_write(struct M *arp, const struct ip_addr *next_hop, struct buf *packet);            \
    IO err M##_resolve(struct M *arp, const struct ip_addr *addr, struct ethernet_address *out); \
    IO err M##_add(struct M *arp, const struct ip_addr *addr, bool probe);                       \
    void M##_remove(struct M *arp, const struct ip_addr *addr);                                  \
    void M##_set_network(struct M *arp, const struct ip_cidr *network);                          \
    void M##_listen(struct M *arp, void *ctx);                                                   \
    void M##_on_conflict(void *ctx, const struct ip_addr *addr, bool lost)

#endif
