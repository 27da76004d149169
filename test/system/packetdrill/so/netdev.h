/* The addresses of the stack, and of the router, which stands for all other hosts. */
#ifndef PACKETDRILL_NETDEV_H
#define PACKETDRILL_NETDEV_H

#define NETDEV_IPV4 192, 168, 0, 1
#define NETDEV_IPV6 0xfd, 0x3d, 0xfa, 0x7b, 0xd1, 0x7d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1

#define NETDEV_ARGUMENTS                                                                      \
    "--ipv4=192.168.0.1/16", "--ipv4-gateway=192.168.255.254", "--ipv6=fd3d:fa7b:d17d::1/48", \
        "--ipv6-gateway=fd3d:fa7b:d17d::ffff", "--accept-ra=false", "--log=warning"

#endif
