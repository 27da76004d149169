/*
 * The modules that are shipped, as values of the configuration language. `mirage help modules` and
 * docs/modules tell their constants and runtime arguments. Relative paths start at the folder of config.c.
 */
#ifndef MIRAGE_CATALOG_H
#define MIRAGE_CATALOG_H

#include <mirage/config.h>

/* Text in and out: the terminal or log of the target. */
MIRAGE_USED CONSOLE(default_console)(void);
/* The wall clock, and randomness fit for keys. */
MIRAGE_USED PCLOCK(default_pclock)(void);
MIRAGE_USED RANDOM(default_random)(void);

/* A disk whose sectors are a file of the host, and one of this many bytes in memory. */
MIRAGE_USED BLOCK(block_of_file)(const char *path);
MIRAGE_USED BLOCK(ramdisk)(int64_t bytes);

/*
 * A folder as a store: compiled into the program with content types, entity tags and gzip variants
 * (crunch), the same with every .md rendered to HTML (markdown), read when it runs (direct_kv_ro), or as
 * the key --kv says (generic_kv_ro). An empty store in memory (kv_mem).
 */
MIRAGE_USED KV_RO(crunch)(const char *folder);
MIRAGE_USED KV_RO(markdown)(const char *folder);
MIRAGE_USED KV_RO(direct_kv_ro)(const char *folder);
MIRAGE_USED KV_RO(generic_kv_ro)(const char *folder);
MIRAGE_USED KV_RW(kv_mem)(void);

/*
 * The target's network card; the host's sockets; and the stack that the key --net says: the host's sockets,
 * or this project's own on a card, which generic_stack() takes to be default_network() and
 * generic_stack(network) is given. With --net=socket no card is opened.
 */
MIRAGE_USED NETWORK(default_network)(void);
/* The other end of a tap interface of Linux. */
MIRAGE_USED NETWORK(tap)(const char *name);
/*
 * Networks within the program: a switch in memory, and its ports, each name one of its own. default_network()
 * of the target sim is a port of vnet().
 */
MIRAGE_USED SWITCH(vnet)(void);
MIRAGE_USED NETWORK(vnet_port)(SWITCH sw, const char *name);
/*
 * A network recorded in a file that Wireshark reads, over a bad line (its constants "out" and "in" say how
 * bad, as "loss=5%,delay=10ms"), or with a log line for each frame.
 */
MIRAGE_USED NETWORK(pcap)(NETWORK network, const char *file);
MIRAGE_USED NETWORK(fault)(NETWORK network);
MIRAGE_USED NETWORK(trace)(NETWORK network);
MIRAGE_USED STACK(socket_stack)(void);
MIRAGE_USED STACK(generic_stack)(NETWORK network);
MIRAGE_USED STACK default_stack(void);
/*
 * The parts of this project's own stack, to be wired otherwise than generic_stack(network) does:
 *     ETHERNET e = direct_ethernet(network);
 *     IP ip = direct_ip(ip_of_ipv4(direct_ipv4(e, direct_arp(e))), direct_ipv6(e));
 *     ICMP icmp = direct_icmp(ip);
 *     STACK stack = direct_stack(ip, direct_udp(ip, icmp), direct_tcp(ip, icmp));
 * and dhcp_client(ipv4, stack) is a stack whose IPv4 a DHCP client configures when --dhcp asks for it.
 */
MIRAGE_USED ETHERNET(direct_ethernet)(NETWORK network);
MIRAGE_USED ARP(direct_arp)(ETHERNET ethernet);
MIRAGE_USED IPV4(direct_ipv4)(ETHERNET ethernet, ARP arp);
MIRAGE_USED IP(direct_ipv6)(ETHERNET ethernet);
MIRAGE_USED IP(direct_ip)(IP v4, IP v6);
MIRAGE_USED ICMP(direct_icmp)(IP ip);
MIRAGE_USED UDP(direct_udp)(IP ip, ICMP icmp);
MIRAGE_USED TCP(direct_tcp)(IP ip, ICMP icmp);
MIRAGE_USED STACK(direct_stack)(IP ip, UDP udp, TCP tcp);
MIRAGE_USED STACK(dhcp_client)(IPV4 ipv4, STACK stack);
/* The ICMP that belongs to generic_stack() and generic_stack(network). */
MIRAGE_USED ICMP(generic_icmp)(NETWORK network);
MIRAGE_USED ICMP default_icmp(void);
/* Echoes on the host's sockets; the stack is one on the host's sockets too. */
MIRAGE_USED ICMP(icmp_socket)(STACK stack);
/*
 * Names to addresses, services and texts: as the host resolves them, by asking DNS servers over a stack, and
 * whichever of the two belongs to generic_stack().
 */
MIRAGE_USED RESOLVER(resolver)(void);
MIRAGE_USED RESOLVER(dns_client)(STACK stack);
MIRAGE_USED RESOLVER(generic_resolver)(STACK stack);
/* Connections by name, the addresses of both families tried in turn. */
MIRAGE_USED CONNECTOR(happy_eyeballs)(STACK stack, RESOLVER resolver);

/* HTTP/1.1: a server, a handler that serves a store, a client. */
MIRAGE_USED HTTP(http_server)(STACK stack);
MIRAGE_USED SITE(site)(HTTP http, KV_RO files);
MIRAGE_USED HTTP_CLIENT(http_client)(STACK stack, RESOLVER resolver);

#define default_console(...) MIRAGE_CALL(default_console(__VA_ARGS__))
#define default_pclock(...) MIRAGE_CALL(default_pclock(__VA_ARGS__))
#define default_random(...) MIRAGE_CALL(default_random(__VA_ARGS__))
#define block_of_file(...) MIRAGE_CALL(block_of_file(__VA_ARGS__))
#define ramdisk(...) MIRAGE_CALL(ramdisk(__VA_ARGS__))
#define crunch(...) MIRAGE_CALL(crunch(__VA_ARGS__))
#define markdown(...) MIRAGE_CALL(markdown(__VA_ARGS__))
#define direct_kv_ro(...) MIRAGE_CALL(direct_kv_ro(__VA_ARGS__))
#define generic_kv_ro(...) MIRAGE_CALL(generic_kv_ro(__VA_ARGS__))
#define kv_mem(...) MIRAGE_CALL(kv_mem(__VA_ARGS__))
#define socket_stack(...) MIRAGE_CALL(socket_stack(__VA_ARGS__))
#define default_network(...) MIRAGE_CALL(default_network(__VA_ARGS__))
#define tap(...) MIRAGE_CALL(tap(__VA_ARGS__))
#define vnet(...) MIRAGE_CALL(vnet(__VA_ARGS__))
#define vnet_port(...) MIRAGE_CALL(vnet_port(__VA_ARGS__))
#define pcap(...) MIRAGE_CALL(pcap(__VA_ARGS__))
#define fault(...) MIRAGE_CALL(fault(__VA_ARGS__))
#define trace(...) MIRAGE_CALL(trace(__VA_ARGS__))
#define generic_stack(...) MIRAGE_CALL(MIRAGE_FIRST(__VA_OPT__(generic_stack, ) default_stack, )(__VA_ARGS__))
#define direct_ethernet(...) MIRAGE_CALL(direct_ethernet(__VA_ARGS__))
#define direct_arp(...) MIRAGE_CALL(direct_arp(__VA_ARGS__))
#define direct_ipv4(...) MIRAGE_CALL(direct_ipv4(__VA_ARGS__))
#define direct_ipv6(...) MIRAGE_CALL(direct_ipv6(__VA_ARGS__))
#define direct_ip(...) MIRAGE_CALL(direct_ip(__VA_ARGS__))
#define direct_icmp(...) MIRAGE_CALL(direct_icmp(__VA_ARGS__))
#define direct_udp(...) MIRAGE_CALL(direct_udp(__VA_ARGS__))
#define direct_tcp(...) MIRAGE_CALL(direct_tcp(__VA_ARGS__))
#define direct_stack(...) MIRAGE_CALL(direct_stack(__VA_ARGS__))
#define generic_icmp(...) MIRAGE_CALL(MIRAGE_FIRST(__VA_OPT__(generic_icmp, ) default_icmp, )(__VA_ARGS__))
#define icmp_socket(...) MIRAGE_CALL(icmp_socket(__VA_ARGS__))
#define resolver(...) MIRAGE_CALL(resolver(__VA_ARGS__))
#define dns_client(...) MIRAGE_CALL(dns_client(__VA_ARGS__))
#define generic_resolver(...) MIRAGE_CALL(generic_resolver(__VA_ARGS__))
#define dhcp_client(...) MIRAGE_CALL(dhcp_client(__VA_ARGS__))
#define happy_eyeballs(...) MIRAGE_CALL(happy_eyeballs(__VA_ARGS__))
#define http_server(...) MIRAGE_CALL(http_server(__VA_ARGS__))
#define site(...) MIRAGE_CALL(site(__VA_ARGS__))
#define http_client(...) MIRAGE_CALL(http_client(__VA_ARGS__))

#endif
