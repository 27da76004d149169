/*
 * IPV4: an IP of version 4 on one link whose configuration can change while it runs. What a DHCP
 * client configures; the runtime argument --ipv4 does the same at boot.
 *
 * M_link(ip, out): the link's address, MTU and offloads.
 * M_is_static(ip): --ipv4 gave the address, so that a client should leave it alone.
 * M_expect(ip, expected): an address is to be set by somebody who is at work on it: M_wait waits.
 * M_set_address(ip, address, probe): use this address and prefix instead of the one before; with `probe`,
 *   first ask for some seconds whether another host uses it (RFC 5227): then ERR_EXISTS, and the one before
 *   stays. ERR_INVALID for what no host can have.
 * M_clear_address(ip): have no address. Routes and gateway go with it.
 * M_set_gateway(ip, gateway): the default route; IP_ANY: none.
 * M_add_route(ip, network, gateway): a route beside (RFC 3442); IP_ANY: the network is on the link.
 *   ERR_NO_SPACE beyond IPV4_ROUTES_MAX. M_clear_routes(ip): none of these.
 * M_set_link_mtu(ip, mtu): the link carries packets of this length, header included; bounded by
 *   68 and by what the device carries. 0: what the device carries.
 * M_set_name_servers(ip, servers, count), M_set_search_domains(ip, domains): what M_name_servers and
 *   M_search_domains tell; copied and bounded.
 * M_listen_conflict(ip, ctx): raise M_on_conflict with this ctx; NULL stops.
 *
 * Event, on the scheduler's stack: M_on_conflict(ctx, address): another host insists on our address (RFC
 * 5227, section 2.4). A client answers with M_clear_address and gets another; when nobody
 * listens, the address is kept and defended.
 */
#ifndef MIRAGE_SIG_IPV4_H
#define MIRAGE_SIG_IPV4_H

#include <mirage/sig/ip.h>

enum { IPV4_ROUTES_MAX = 16 };

#define IPV4(M)                                                                                    \
    IP(M);                                                                                         \
    void M##_link(struct M *ip, struct network_info *out);                                         \
    bool M##_is_static(struct M *ip);                                                              \
    void M##_expect(struct M *ip, bool expected);                                                  \
    IO err M##_set_address(struct M *ip, const struct ip_cidr *address, bool probe);               \
    void M##_clear_address(struct M *ip);                                                          \
    void M##_set_gateway(struct M *ip, const struct ip_addr *gateway);                             \
    err M##_add_route(struct M *ip, const struct ip_cidr *network, const struct ip_addr *gateway); \
    void M##_clear_routes(struct M *ip);                                                           \
    void M##_set_link_mtu(struct M *ip, uint32_t mtu);                                             \
    void M##_set_name_servers(struct M *ip, const struct ip_addr *servers, size_t count);          \
    void M##_set_search_domains(struct M *ip, const char *domains);                                \
    void M##_listen_conflict(struct M *ip, void *ctx);                                             \
    void M##_on_conflict(void *ctx, const struct ip_addr *address)

#endif
