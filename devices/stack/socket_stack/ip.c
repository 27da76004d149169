/*
 * What the host tells of its addresses and routes. The kernel keeps the packets to
 * itself: nothing can be written, and no event is ever raised.
 */
#include "socket_stack.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

enum {
    V4_HEADER = 20,
    V6_HEADER = 40,
    V4_USUAL_MTU = 1500,
    V6_LEAST_MTU = 1280,
    DISCARD_PORT = 9,
};

IO void socket_stack_ip_disconnect(struct socket_stack_ip *ip)
{
    (void)ip;
}

err socket_stack_ip_write(struct socket_stack_ip *ip, const struct ip_head *head, struct buf *payload)
{
    (void)ip;
    (void)head;
    if (!payload)
        return ERR_NO_MEMORY;
    buf_free(payload);
    return ERR_UNSUPPORTED;
}

/* A UDP socket that is connected but sends nothing: the kernel then has chosen a route. */
static err routed_socket(const struct ip_addr *destination, int *out)
{
    int family = ip_is_v4(destination) ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    union address address;
    socklen_t len = address_make(&address, family, destination, DISCARD_PORT);

    if (fd < 0)
        return errno == EAFNOSUPPORT ? ERR_UNREACHABLE : linux_error(errno);
    if (connect(fd, &address.any, len) < 0) {
        close(fd);
        return ERR_UNREACHABLE;
    }
    *out = fd;
    return OK;
}

err socket_stack_ip_source(struct socket_stack_ip *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    struct endpoint local;
    int fd;

    (void)ip;
    TRY(routed_socket(destination, &fd));
    local_endpoint(fd, &local);
    close(fd);
    *out = local.addr;
    return OK;
}

uint32_t socket_stack_ip_mtu(struct socket_stack_ip *ip, const struct ip_addr *destination)
{
    bool v4 = ip_is_v4(destination);
    int fd, mtu = v4 ? V4_USUAL_MTU : V6_LEAST_MTU;
    socklen_t len = sizeof mtu;

    (void)ip;
    if (routed_socket(destination, &fd) == OK) {
        int known = mtu;
        if (getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &known, &len) == 0)
            mtu = known;
        close(fd);
    }
    /* The total length of an IPv4 packet has 16 bits, whatever the loopback says. */
    if (v4 && mtu > UINT16_MAX)
        mtu = UINT16_MAX;
    return (uint32_t)(mtu - (v4 ? V4_HEADER : V6_HEADER));
}

/* The kernel tells the path's alone. */
uint32_t socket_stack_ip_link_mtu(struct socket_stack_ip *ip, const struct ip_addr *destination)
{
    return socket_stack_ip_mtu(ip, destination);
}

/* Routers' messages reach the kernel, which also knows whom it hears. */
void socket_stack_ip_reduce_mtu(struct socket_stack_ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    (void)ip;
    (void)destination;
    (void)mtu;
}

void socket_stack_ip_learn_mtu(struct socket_stack_ip *ip, const struct ip_addr *destination, uint32_t mtu)
{
    (void)ip;
    (void)destination;
    (void)mtu;
}

void socket_stack_ip_confirm(struct socket_stack_ip *ip, const struct ip_addr *destination)
{
    (void)ip;
    (void)destination;
}

/* A socket can be bound to the host's own addresses alone. */
bool socket_stack_ip_has(struct socket_stack_ip *ip, const struct ip_addr *addr)
{
    int family = ip_is_v4(addr) ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    union address address;
    bool has;

    (void)ip;
    if (fd < 0)
        return false;
    has = !ip_is_any(addr) && bind(fd, &address.any, address_make(&address, family, addr, 0)) == 0;
    close(fd);
    return has;
}

static uint8_t prefix_length(const uint8_t *mask, size_t len)
{
    uint8_t bits = 0;

    for (size_t i = 0; i < len; i++)
        bits = (uint8_t)(bits + __builtin_popcount(mask[i]));
    return bits;
}

size_t socket_stack_ip_addresses(struct socket_stack_ip *ip, struct ip_cidr *out, size_t room)
{
    struct ifaddrs *list = NULL;
    size_t count = 0;

    (void)ip;
    if (getifaddrs(&list) < 0)
        return 0;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        struct ip_cidr cidr = { .prefix = 0 };
        struct endpoint end;
        int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
        if (!(i->ifa_flags & IFF_UP) || (family != AF_INET && family != AF_INET6))
            continue;
        address_read(&end, (const union address *)i->ifa_addr);
        cidr.addr = end.addr;
        if (!i->ifa_netmask)
            cidr.prefix = family == AF_INET ? 32 : 128;
        else if (family == AF_INET)
            cidr.prefix = prefix_length((uint8_t *)&((struct sockaddr_in *)i->ifa_netmask)->sin_addr, 4);
        else
            cidr.prefix = prefix_length((uint8_t *)&((struct sockaddr_in6 *)i->ifa_netmask)->sin6_addr, 16);
        if (count < room)
            out[count] = cidr;
        count++;
    }
    freeifaddrs(list);
    return count;
}

uint32_t socket_stack_ip_offloads(struct socket_stack_ip *ip)
{
    (void)ip;
    return 0;
}

/* The host was configured before the program began. */
IO err socket_stack_ip_wait(struct socket_stack_ip *ip, os_time until)
{
    (void)ip;
    (void)until;
    return OK;
}

void socket_stack_ip_listen_tcp(struct socket_stack_ip *ip, void *ctx)
{
    (void)ip;
    (void)ctx;
}

void socket_stack_ip_listen_udp(struct socket_stack_ip *ip, void *ctx)
{
    (void)ip;
    (void)ctx;
}

void socket_stack_ip_listen_icmp(struct socket_stack_ip *ip, void *ctx)
{
    (void)ip;
    (void)ctx;
}
