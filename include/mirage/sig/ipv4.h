/*
 * IPV4: an IP of version 4 on one link, whose configuration can change while it runs. A DHCP client
 * configures it, or the runtime argument --ipv4 at boot.
 *
 * M_link(ip, out): the link's address, MTU and offloads.
 * M_is_static(ip): whether --ipv4 gave the address. A DHCP client should then leave it alone.
 * M_expect(ip, expected): whether somebody, such as a DHCP client, is about to set an address. M_wait then
 *   waits for it.
 * M_set_address(ip, address, probe): use this address and prefix instead of the present one. With `probe`,
 *   first ask for some seconds whether another host uses the address (RFC 5227); if one does, ERR_EXISTS, and
 *   the present address stays. ERR_INVALID for an address that no host can have.
 * M_clear_address(ip): have no address. The routes and the gateway are dropped too.
 * M_set_gateway(ip, gateway): the default route; IP_ANY: none.
 * M_add_route(ip, network, gateway): add a route to a network (RFC 3442). A gateway of IP_ANY: the network
 *   is on the link. ERR_NO_SPACE beyond IPV4_ROUTES_MAX. M_clear_routes(ip): drop all of them.
 * M_set_link_mtu(ip, mtu): the link carries packets of up to this length, with their header. Values are
 *   bounded by 68 and by the device's MTU; 0 is the device's MTU.
 * M_set_name_servers(ip, servers, count), M_set_search_domains(ip, domains): what M_name_servers and
 *   M_search_domains tell; copied and bounded.
 * M_listen_conflict(ip, ctx): raise M_on_conflict with this ctx; NULL stops.
 *
 * Event, on the scheduler's stack: M_on_conflict(ctx, address): another host insists on our address (RFC
 * 5227, section 2.4). A DHCP client calls M_clear_address and gets another address. When nobody
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
