#include "catalog.h"

#include <stddef.h>
#include <string.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

const struct catalog_entry catalog_entries[] = {
    {
        .name = "default_console",
        .prototype = "CONSOLE default_console(void)",
        .doc = "The terminal or the log of the target: standard output on Linux.",
        .role = "console",
        .result = "CONSOLE",
    },
    {
        .name = "default_pclock",
        .prototype = "PCLOCK default_pclock(void)",
        .doc = "The wall clock.",
        .role = "clock",
        .result = "PCLOCK",
    },
    {
        .name = "default_random",
        .prototype = "RANDOM default_random(void)",
        .doc = "Randomness fit for keys: getrandom(2).",
        .role = "random",
        .result = "RANDOM",
    },
    {
        .name = "block_of_file",
        .prototype = "BLOCK block_of_file(const char *path)",
        .doc = "A disk whose sectors are a file of the host.",
        .source = "devices/block/block_file.c",
        .result = "BLOCK",
    },
    {
        .name = "ramdisk",
        .prototype = "BLOCK ramdisk(int64_t bytes)",
        .doc = "A disk in memory, all zeros at boot.",
        .source = "lib/block_ramdisk/block_ramdisk.c",
        .result = "BLOCK",
    },
    {
        .name = "crunch",
        .prototype = "KV_RO crunch(const char *folder)",
        .doc = "A folder compiled into the program, with content types, entity tags and gzip variants.",
        .source = "lib/kv_crunch/kv_crunch.c",
        .result = "KV_RO",
        .generator = "crunch",
    },
    {
        .name = "markdown",
        .prototype = "KV_RO markdown(const char *folder)",
        .doc = "A folder compiled into the program as by crunch, with every .md rendered to HTML.",
        .source = "lib/kv_crunch/kv_crunch.c",
        .result = "KV_RO",
        .generator = "crunch",
    },
    {
        .name = "direct_kv_ro",
        .prototype = "KV_RO direct_kv_ro(const char *folder)",
        .doc = "A folder of the host, read when the program runs; nothing outside it can be reached.",
        .source = "devices/kv/kv_direct.c",
        .result = "KV_RO",
    },
    {
        .name = "generic_kv_ro",
        .prototype = "KV_RO generic_kv_ro(const char *folder)",
        .doc = "A folder as crunch or direct_kv_ro, as the key --kv says.",
        .result = "KV_RO",
        .chosen_by = "kv",
    },
    {
        .name = "kv_mem",
        .prototype = "KV_RW kv_mem(void)",
        .doc = "A store in memory, empty at boot.",
        .source = "lib/kv_mem",
        .result = "KV_RW",
    },
    {
        .name = "default_network",
        .prototype = "NETWORK default_network(void)",
        .doc = "The target's network card: on Linux the tap interface that --interface names; for sim, a "
               "port of vnet().",
        .role = "network",
        .result = "NETWORK",
    },
    {
        .name = "tap",
        .prototype = "NETWORK tap(const char *name)",
        .doc = "The other end of a tap interface of Linux, which is made when it isn't there.",
        .source = "devices/network/network_tap",
        .result = "NETWORK",
    },
    {
        .name = "vnet",
        .prototype = "SWITCH vnet(void)",
        .doc = "An Ethernet switch in memory, to join networks of one program; named() makes another one.",
        .source = "lib/vnet/vnet.c",
        .result = "SWITCH",
    },
    {
        .name = "vnet_port",
        .prototype = "NETWORK vnet_port(SWITCH sw, const char *name)",
        .doc = "A port of a switch in memory; each name is a port of its own.",
        .source = "lib/vnet/vnet_port.c",
        .result = "NETWORK",
        .params = LIST("SWITCH"),
    },
    {
        .name = "pcap",
        .prototype = "NETWORK pcap(NETWORK network, const char *file)",
        .doc = "A network whose frames are recorded in a file, for Wireshark; its clock is default_pclock().",
        .source = "lib/pcap",
        .result = "NETWORK",
        .params = LIST("NETWORK", "PCLOCK"),
    },
    {
        .name = "fault",
        .prototype = "NETWORK fault(NETWORK network)",
        .doc = "A network as over a bad line: loss, delay, reordering, duplication, corruption and a rate, "
               "from a seed.",
        .source = "lib/fault",
        .result = "NETWORK",
        .params = LIST("NETWORK"),
    },
    {
        .name = "trace",
        .prototype = "NETWORK trace(NETWORK network)",
        .doc = "A network whose frames are logged, a line each.",
        .source = "lib/trace",
        .result = "NETWORK",
        .params = LIST("NETWORK"),
    },
    {
        .name = "socket_stack",
        .prototype = "STACK socket_stack(void)",
        .doc = "IP, UDP and TCP of both versions on the host's sockets.",
        .source = "devices/stack/socket_stack",
        .result = "STACK",
    },
    {
        .name = "generic_stack",
        .prototype = "STACK generic_stack(NETWORK network)",
        .doc = "The host's sockets or the project's own stack on a network card, as the key --net says; "
               "without an argument the card is default_network().",
        .result = "STACK",
        .chosen_by = "net",
    },
    {
        .name = "direct_ethernet",
        .prototype = "ETHERNET direct_ethernet(NETWORK network)",
        .doc = "Ethernet II frames of a card, by type.",
        .source = "lib/ethernet/ethernet.c",
        .result = "ETHERNET",
        .params = LIST("NETWORK"),
    },
    {
        .name = "direct_arp",
        .prototype = "ARP direct_arp(ETHERNET ethernet)",
        .doc = "IPv4 neighbours by RFC 826, with conflict detection by RFC 5227; its randomness is "
               "default_random(), as in all that follow.",
        .source = "lib/arp",
        .result = "ARP",
        .params = LIST("ETHERNET", "RANDOM"),
    },
    {
        .name = "direct_ipv4",
        .prototype = "IPV4 direct_ipv4(ETHERNET ethernet, ARP arp)",
        .doc = "IPv4 on a link, configured by the command line or a DHCP client; ip_of_ipv4() makes an IP of "
               "it.",
        .source = "lib/ipv4",
        .result = "IPV4",
        .params = LIST("ETHERNET", "ARP", "RANDOM"),
    },
    {
        .name = "direct_ipv6",
        .prototype = "IP direct_ipv6(ETHERNET ethernet)",
        .doc = "IPv6 on a link, with neighbour discovery, routers' advertisements and addresses of its own "
               "making.",
        .source = "lib/ipv6",
        .result = "IP",
        .params = LIST("ETHERNET", "RANDOM"),
    },
    {
        .name = "direct_ip",
        .prototype = "IP direct_ip(IP v4, IP v6)",
        .doc = "Both versions of IP as one.",
        .source = "lib/ip",
        .result = "IP",
        .params = LIST("IP", "IP"),
    },
    {
        .name = "direct_icmp",
        .prototype = "ICMP direct_icmp(IP ip)",
        .doc = "Echoes and errors of both versions.",
        .source = "lib/icmp",
        .result = "ICMP",
        .params = LIST("IP", "RANDOM"),
    },
    {
        .name = "direct_udp",
        .prototype = "UDP direct_udp(IP ip, ICMP icmp)",
        .doc = "UDP.",
        .source = "lib/udp",
        .result = "UDP",
        .params = LIST("IP", "ICMP", "RANDOM"),
    },
    {
        .name = "direct_tcp",
        .prototype = "TCP direct_tcp(IP ip, ICMP icmp)",
        .doc = "TCP.",
        .source = "lib/tcp",
        .result = "TCP",
        .params = LIST("IP", "ICMP", "RANDOM"),
    },
    {
        .name = "direct_stack",
        .prototype = "STACK direct_stack(IP ip, UDP udp, TCP tcp)",
        .doc = "The project's own stack of these parts; they must stand on the same ip.",
        .source = "lib/stack/stack.c",
        .result = "STACK",
        .params = LIST("IP", "UDP", "TCP"),
    },
    {
        .name = "dhcp_client",
        .prototype = "STACK dhcp_client(IPV4 ipv4, STACK stack)",
        .doc =
            "A stack whose IPv4 a DHCP client configures, when --dhcp asks for it; generic_stack() is one.",
        .source = "lib/dhcp_client",
        .result = "STACK",
        .params = LIST("IPV4", "STACK", "RANDOM"),
    },
    {
        .name = "generic_icmp",
        .prototype = "ICMP generic_icmp(NETWORK network)",
        .doc = "The ICMP that belongs to generic_stack(network), as the key --net says; "
               "without an argument the card is default_network().",
        .result = "ICMP",
        .chosen_by = "net",
    },
    {
        .name = "icmp_socket",
        .prototype = "ICMP icmp_socket(STACK stack)",
        .doc = "Echoes on the host's sockets, to be used with socket_stack().",
        .source = "devices/icmp/icmp_socket.c",
        .result = "ICMP",
        .params = LIST("STACK"),
    },
    {
        .name = "resolver",
        .prototype = "RESOLVER resolver(void)",
        .doc = "Names as the host resolves them.",
        .source = "devices/resolver/resolver_unix",
        .result = "RESOLVER",
    },
    {
        .name = "dns_client",
        .prototype = "RESOLVER dns_client(STACK stack)",
        .doc = "Names by asking DNS servers, which the network or --nameserver tells, with a cache; its "
               "randomness is "
               "default_random().",
        .source = "lib/dns_client",
        .result = "RESOLVER",
        .params = LIST("STACK", "RANDOM"),
    },
    {
        .name = "generic_resolver",
        .prototype = "RESOLVER generic_resolver(STACK stack)",
        .doc = "The host's names with its sockets, and dns_client(stack) on the project's own stack, as the "
               "key --net says.",
        .result = "RESOLVER",
        .chosen_by = "net",
    },
    {
        .name = "happy_eyeballs",
        .prototype = "CONNECTOR happy_eyeballs(STACK stack, RESOLVER resolver)",
        .doc = "Connections by name, the addresses of both families tried in turn (RFC 8305).",
        .source = "lib/happy_eyeballs",
        .result = "CONNECTOR",
        .params = LIST("STACK", "RESOLVER"),
    },
    {
        .name = "http_server",
        .prototype = "HTTP http_server(STACK stack)",
        .doc = "A server of HTTP/1.1; its clock is default_pclock().",
        .source = "lib/http_server",
        .result = "HTTP",
        .params = LIST("STACK", "PCLOCK"),
    },
    {
        .name = "site",
        .prototype = "SITE site(HTTP http, KV_RO files)",
        .doc = "Answers HTTP exchanges from a store of files.",
        .source = "lib/site",
        .result = "SITE",
        .params = LIST("HTTP", "KV_RO"),
    },
    {
        .name = "http_client",
        .prototype = "HTTP_CLIENT http_client(STACK stack, RESOLVER resolver)",
        .doc = "A client of HTTP/1.1; it connects by happy_eyeballs(stack, resolver).",
        .source = "lib/http_client",
        .result = "HTTP_CLIENT",
        .params = LIST("CONNECTOR"),
    },
    { 0 },
};

const struct catalog_choice catalog_choices[] = {
    { "kv", "crunch", "folders of files: crunch compiles them in, direct reads them when the program runs",
      LIST("crunch", "direct") },
    { "net", "socket", "the network: socket is the host's, direct is this project's own stack",
      LIST("socket", "direct") },
    { 0 },
};

const struct catalog_entry *catalog_find(const char *name)
{
    for (const struct catalog_entry *e = catalog_entries; name != NULL && e->name != NULL; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}
