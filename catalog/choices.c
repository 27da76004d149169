/*
 * The functions of the catalogue that choose between modules: by target, by a configure-time key, or once for
 * all.
 */
#include <mirage/config.h>

#include "apply.h"

ROLE(CONSOLE, default_console, "console", "The terminal or the log of the target.");
ROLE(PCLOCK, default_pclock, "clock", "The wall clock of the target.");
ROLE(RANDOM, default_random, "random", "The target's randomness, fit for keys.");
ROLE(SINK, default_sink, "sink", "The target's files to write to: outputs named by their paths.");
ROLE(NETWORK, default_network, "network", "The target's network card.");

/* Return the module with a constant of its source set to "true" or "false". */
static void *with_bool(struct here here, void *module, const char *key, const char *value)
{
    struct node *changed = setting_new(here, module, key, "bool", json_pack("{s:s}", "value", value));
    return node_of(here, changed, NODE_VALUE, "the module");
}

CHOICE(KV_RO, markdown, "", "",
       "A folder compiled into the program as by crunch, with every .md rendered to HTML.",
       const char *folder)
{
    struct here here = called();
    void *store = catalog_apply(here, catalog_find("crunch"), &(union catalog_value){ .text = folder });
    return (KV_RO)with_bool(here, store, "markdown", "true");
}

CHOICE(KV_RO, generic_kv_ro, "kv", "", "A folder as crunch or direct_kv_ro, as the key --kv says.",
       const char *folder)
{
    struct here here = called();
    const union catalog_value path = { .text = folder };
    void *compiled = catalog_apply(here, catalog_find("crunch"), &path);
    void *direct = catalog_apply(here, catalog_find("direct_kv_ro"), &path);
    return (KV_RO)choice_new(
        here, catalog_key(here, "kv"),
        (const struct match_case[]){ { "crunch", compiled }, { "direct", direct }, { mirage_end, NULL } });
}

/* The part of the project's own stack that stands on a card. The same card gives the same modules. */
struct own {
    void *ipv4, *ip, *icmp;
};

static struct own own_of(struct here here, const void *network)
{
    void *ethernet = catalog_made(here, "direct_ethernet", MODULES(network));
    void *arp = catalog_made(here, "direct_arp", MODULES(ethernet));
    void *ipv4 = catalog_made(here, "direct_ipv4", MODULES(ethernet, arp));
    void *ipv6 = catalog_made(here, "direct_ipv6", MODULES(ethernet));
    void *ip = catalog_made(here, "direct_ip", MODULES(ipv4, ipv6));
    return (struct own){ ipv4, ip, catalog_made(here, "direct_icmp", MODULES(ip)) };
}

static void *own_stack(struct here here, const void *network)
{
    struct own own = own_of(here, network);
    void *udp = catalog_made(here, "direct_udp", MODULES(own.ip, own.icmp));
    void *tcp = catalog_made(here, "direct_tcp", MODULES(own.ip, own.icmp));
    void *stack = catalog_made(here, "direct_stack", MODULES(own.ip, udp, tcp));
    /* The client waits for an address, which it may have to get first. */
    stack = with_bool(here, stack, "wait_for_address", "false");
    return catalog_made(here, "dhcp_client", MODULES(own.ipv4, stack));
}

static void *by_net(struct here here, void *socket, void *direct)
{
    return choice_new(
        here, catalog_key(here, "net"),
        (const struct match_case[]){ { "socket", socket }, { "direct", direct }, { mirage_end, NULL } });
}

static void *stack_on(struct here here, const void *network)
{
    node_of(here, network, NODE_VALUE, "argument 1 of 'generic_stack'");
    return by_net(here, catalog_made(here, "socket_stack", MODULES()), own_stack(here, network));
}

static void *icmp_on(struct here here, const void *network)
{
    node_of(here, network, NODE_VALUE, "argument 1 of 'generic_icmp'");
    void *sockets = catalog_made(here, "socket_stack", MODULES());
    return by_net(here, catalog_made(here, "icmp_socket", MODULES(sockets)), own_of(here, network).icmp);
}

CHOICE(STACK, generic_stack, "net", "default_stack",
       "The host's sockets or the project's own stack on a network card, as the key --net says; without an "
       "argument it is default_stack(). With --net=socket no card is opened.",
       NETWORK network)
{
    return stack_on(called(), network);
}

CHOICE(STACK, default_stack, "net", "", "What generic_stack(default_network()) is.")
{
    struct here here = called();
    return stack_on(here, catalog_of_role(here, "default_network"));
}

CHOICE(ICMP, generic_icmp, "net", "default_icmp",
       "The ICMP that belongs to generic_stack(network), as the key --net says; without an argument it is "
       "default_icmp().",
       NETWORK network)
{
    return icmp_on(called(), network);
}

CHOICE(ICMP, default_icmp, "net", "", "What generic_icmp(default_network()) is: the ICMP of default_stack().")
{
    struct here here = called();
    return icmp_on(here, catalog_of_role(here, "default_network"));
}

CHOICE(RESOLVER, generic_resolver, "net", "",
       "The host's names with its sockets, and dns_client(stack) on the project's own stack, as the key "
       "--net says.",
       STACK stack)
{
    struct here here = called();
    return by_net(here, catalog_made(here, "resolver", MODULES()),
                  catalog_made(here, "dns_client", MODULES(stack)));
}

CHOICE(HTTP_CLIENT, http_client, "", "",
       "A client of HTTP/1.1 that connects by happy_eyeballs(stack, resolver): http_client_by of these.",
       STACK stack, RESOLVER resolver)
{
    struct here here = called();
    void *connector = catalog_made(here, "happy_eyeballs", MODULES(stack, resolver));
    return catalog_made(here, "http_client_by", MODULES(connector));
}
