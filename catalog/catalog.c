/* The functions of mirage/catalog.h: each records its entry of the table, applied. */
#include "catalog.h"

#include <mirage/config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../tool/config/record.h"
#include "target/target.h"

#define ARGS(...) ((const void *const[]){ __VA_ARGS__ __VA_OPT__(, ) mirage_end })

static json_t *list_of(const char *const *names)
{
    json_t *list = json_array();
    for (; names != NULL && *names != NULL; names++)
        json_array_append_new(list, json_string(*names));
    return list;
}

/* The entry's source on a target; NULL: it is not there. */
static const char *source_on(const struct target *target, const struct catalog_entry *entry)
{
    if (entry->role == NULL)
        return target_has(target, entry->source) ? entry->source : NULL;
    const struct target_module *module = target_role(target, entry->role);
    return module == NULL ? NULL : module->source;
}

/* "the target linux alone", "the targets linux and sim alone", "no target". */
static const char *targets_with(const struct catalog_entry *entry)
{
    static char said[200];
    size_t len = 0, count = 0, done = 0;
    for (const struct target *const *t = config_targets(); *t != NULL; t++)
        count += source_on(*t, entry) != NULL;
    if (count == 0)
        return "no target";
    for (const struct target *const *t = config_targets(); *t != NULL && len < sizeof said; t++)
        if (source_on(*t, entry) != NULL) {
            const char *before = done > 0     ? (done + 1 == count ? " and " : ", ")
                                 : count == 1 ? "the target "
                                              : "the targets ";
            len += (size_t)snprintf(said + len, sizeof said - len, "%s%s%s", before, (*t)->name,
                                    ++done == count ? " alone" : "");
        }
    return said;
}

/* A module that cannot be had: told when the chosen keys need it. */
static void *absent(struct here here, const char *result, const char *sentence)
{
    return node_new(NODE_VALUE, here,
                    json_pack("{s:s,s:s,s:s}", "kind", "absent", "result", result, "message", sentence));
}

/* What stands for an entry that the target lacks; NULL when it has it. */
static void *lacking(struct here here, const char *name)
{
    const struct catalog_entry *entry = catalog_find(name);
    char sentence[400];
    if (source_on(config_target(), entry) != NULL)
        return NULL;
    snprintf(sentence, sizeof sentence, "%s() is a module of %s, and this program is for %s", name,
             targets_with(entry), config_target()->name);
    return absent(here, entry->result, sentence);
}

static struct node *entry_functor(struct here here, const char *name)
{
    const struct catalog_entry *entry = catalog_find(name);
    const char *source = source_on(config_target(), entry);
    struct node *f = functor_new(here, catalog_path(source), source, entry->result, list_of(entry->params));
    json_object_set_new(f->json, "name", json_string(name));
    json_object_set_new(f->json, "libraries", list_of(entry->libraries));
    if (entry->generator != NULL)
        json_object_set_new(f->json, "generator", json_string(entry->generator));
    return f;
}

static void *entry_applied(struct here here, const char *name, const void *const *args)
{
    void *none = lacking(here, name);
    return none != NULL ? none : apply_new(here, name, entry_functor(here, name), args);
}

/* The entry applied, with one of its constants set to a text. */
static void *entry_with(struct here here, const char *name, const char *key, json_t *text,
                        const void *const *args)
{
    void *none = lacking(here, name);
    if (none != NULL)
        return none;
    struct node *f =
        setting_new(here, entry_functor(here, name), key, "string", json_pack("{s:o}", "value", text));
    return apply_new(here, name, f, args);
}

/* A folder or a file that the configuration names. */
static char *path_given(struct here here, const char *function, const char *path)
{
    if (path == NULL || *path == '\0')
        refuse(here, "%s was given no path", function);
    return config_path(path);
}

CONSOLE(default_console)(void)
{
    return entry_applied(called(), "default_console", ARGS());
}

PCLOCK(default_pclock)(void)
{
    return entry_applied(called(), "default_pclock", ARGS());
}

RANDOM(default_random)(void)
{
    return entry_applied(called(), "default_random", ARGS());
}

BLOCK(block_of_file)(const char *path)
{
    struct here here = called();
    return entry_with(here, "block_of_file", "path", text_of(path_given(here, "block_of_file", path)),
                      ARGS());
}

BLOCK(ramdisk)(int64_t bytes)
{
    struct here here = called();
    char digits[24];
    if (bytes < 512)
        refuse(here, "a ramdisk of %" PRId64 " bytes has no sector: give it at least 512", bytes);
    snprintf(digits, sizeof digits, "%" PRId64, bytes);
    struct node *f =
        setting_new(here, entry_functor(here, "ramdisk"), "size", "int", json_pack("{s:s}", "value", digits));
    return (BLOCK)apply_new(here, "ramdisk", f, ARGS());
}

static void *crunched(struct here here, const char *function, const char *folder)
{
    struct node *f = entry_functor(here, function);
    json_t *args = json_array();
    if (strcmp(function, "markdown") == 0)
        json_array_append_new(args, json_string("--markdown"));
    json_array_append_new(args, text_of(path_given(here, function, folder)));
    json_object_set_new(f->json, "generator_args", args);
    return apply_new(here, function, f, ARGS());
}

static void *direct(struct here here, const char *folder)
{
    return entry_with(here, "direct_kv_ro", "root", text_of(path_given(here, "direct_kv_ro", folder)),
                      ARGS());
}

KV_RO(crunch)(const char *folder)
{
    return crunched(called(), "crunch", folder);
}

KV_RO(markdown)(const char *folder)
{
    return crunched(called(), "markdown", folder);
}

KV_RO(direct_kv_ro)(const char *folder)
{
    return direct(called(), folder);
}

/* A key that the catalogue declares; every use declares the same. */
static ENUM_KEY choice_key(struct here here, const char *name)
{
    const struct catalog_choice *c = catalog_choices;
    while (strcmp(c->name, name) != 0)
        c++;
    const char *value = target_default(config_target(), c->name, c->default_value);
    struct node *node = key_declare(here, c->name, "enum", value, c->doc, list_of(c->choices));
    return (ENUM_KEY)node;
}

KV_RO(generic_kv_ro)(const char *folder)
{
    struct here here = called();
    return (KV_RO)choice_new(here, choice_key(here, "kv"),
                             (const struct match_case[]){ { "crunch", crunched(here, "crunch", folder) },
                                                          { "direct", direct(here, folder) },
                                                          { mirage_end, NULL } });
}

KV_RW(kv_mem)(void)
{
    return entry_applied(called(), "kv_mem", ARGS());
}

SWITCH(vnet)(void)
{
    return entry_applied(called(), "vnet", ARGS());
}

static void *port_of(struct here here, const void *sw, const char *name)
{
    if (name == NULL)
        refuse(here, "vnet_port was given no name");
    /* The port without a name is the one that default_network() may be. */
    return *name == '\0' ? entry_applied(here, "vnet_port", ARGS(sw))
                         : entry_with(here, "vnet_port", "port_name", text_of(name), ARGS(sw));
}

NETWORK(vnet_port)(SWITCH sw, const char *name)
{
    return port_of(called(), sw, name);
}

NETWORK(pcap)(NETWORK network, const char *file)
{
    struct here here = called();
    return entry_with(here, "pcap", "file", text_of(path_given(here, "pcap", file)),
                      ARGS(network, entry_applied(here, "default_pclock", ARGS())));
}

NETWORK(fault)(NETWORK network)
{
    return entry_applied(called(), "fault", ARGS(network));
}

NETWORK(trace)(NETWORK network)
{
    return entry_applied(called(), "trace", ARGS(network));
}

NETWORK(tap)(const char *name)
{
    struct here here = called();
    if (name == NULL)
        refuse(here, "tap was given no name");
    return entry_with(here, "tap", "name", text_of(name), ARGS());
}

static const struct catalog_entry *entry_of_source(const char *source)
{
    const struct catalog_entry *e = catalog_entries;
    while (e->source == NULL || strcmp(e->source, source) != 0)
        e++;
    return e;
}

static void *network_of_target(struct here here)
{
    const struct target_module *module = target_role(config_target(), "network");
    if (module == NULL || module->on == NULL)
        return entry_applied(here, "default_network", ARGS());
    /* A card that is a module's of this program. */
    const struct catalog_entry *below = entry_of_source(module->on);
    struct node *f = functor_new(here, catalog_path(module->source), module->source, "NETWORK",
                                 list_of((const char *const[]){ below->result, NULL }));
    return apply_new(here, "default_network", f, ARGS(entry_applied(here, below->name, ARGS())));
}

NETWORK(default_network)(void)
{
    return network_of_target(called());
}

/* What of the project's own stack stands on a card; the same card gives the same modules. */
struct own {
    void *ipv4, *ip, *icmp;
};

static void *random_of(struct here here)
{
    return entry_applied(here, "default_random", ARGS());
}

static struct own own_of(struct here here, const void *network)
{
    void *random = random_of(here), *ethernet = entry_applied(here, "direct_ethernet", ARGS(network));
    void *arp = entry_applied(here, "direct_arp", ARGS(ethernet, random));
    void *ipv4 = entry_applied(here, "direct_ipv4", ARGS(ethernet, arp, random));
    void *ipv6 = entry_applied(here, "direct_ipv6", ARGS(ethernet, random));
    void *ip = entry_applied(here, "direct_ip", ARGS(ipv4, ipv6));
    return (struct own){ ipv4, ip, entry_applied(here, "direct_icmp", ARGS(ip, random)) };
}

static void *own_stack(struct here here, const void *network)
{
    struct own own = own_of(here, network);
    void *udp = entry_applied(here, "direct_udp", ARGS(own.ip, own.icmp, random_of(here)));
    void *tcp = entry_applied(here, "direct_tcp", ARGS(own.ip, own.icmp, random_of(here)));
    /* The client waits for an address, which it may have to get first. */
    struct node *stack = setting_new(here, entry_functor(here, "direct_stack"), "wait_for_address", "bool",
                                     json_pack("{s:s}", "value", "false"));
    return entry_applied(
        here, "dhcp_client",
        ARGS(own.ipv4, apply_new(here, "direct_stack", stack, ARGS(own.ip, udp, tcp)), random_of(here)));
}

ETHERNET(direct_ethernet)(NETWORK network)
{
    return entry_applied(called(), "direct_ethernet", ARGS(network));
}

ARP(direct_arp)(ETHERNET ethernet)
{
    struct here here = called();
    return entry_applied(here, "direct_arp", ARGS(ethernet, random_of(here)));
}

IPV4(direct_ipv4)(ETHERNET ethernet, ARP arp)
{
    struct here here = called();
    return entry_applied(here, "direct_ipv4", ARGS(ethernet, arp, random_of(here)));
}

IP(direct_ipv6)(ETHERNET ethernet)
{
    struct here here = called();
    return entry_applied(here, "direct_ipv6", ARGS(ethernet, random_of(here)));
}

IP(direct_ip)(IP v4, IP v6)
{
    return entry_applied(called(), "direct_ip", ARGS(v4, v6));
}

ICMP(direct_icmp)(IP ip)
{
    struct here here = called();
    return entry_applied(here, "direct_icmp", ARGS(ip, random_of(here)));
}

UDP(direct_udp)(IP ip, ICMP icmp)
{
    struct here here = called();
    return entry_applied(here, "direct_udp", ARGS(ip, icmp, random_of(here)));
}

TCP(direct_tcp)(IP ip, ICMP icmp)
{
    struct here here = called();
    return entry_applied(here, "direct_tcp", ARGS(ip, icmp, random_of(here)));
}

STACK(direct_stack)(IP ip, UDP udp, TCP tcp)
{
    return entry_applied(called(), "direct_stack", ARGS(ip, udp, tcp));
}

STACK(dhcp_client)(IPV4 ipv4, STACK stack)
{
    struct here here = called();
    return entry_applied(here, "dhcp_client", ARGS(ipv4, stack, random_of(here)));
}

static void *by_net(struct here here, void *socket, void *direct)
{
    return choice_new(
        here, choice_key(here, "net"),
        (const struct match_case[]){ { "socket", socket }, { "direct", direct }, { mirage_end, NULL } });
}

static void *stack_on(struct here here, const void *network)
{
    node_of(here, network, NODE_VALUE, "argument 1 of 'generic_stack'");
    return by_net(here, entry_applied(here, "socket_stack", ARGS()), own_stack(here, network));
}

static void *icmp_on(struct here here, const void *network)
{
    node_of(here, network, NODE_VALUE, "argument 1 of 'generic_icmp'");
    void *socket = entry_applied(here, "icmp_socket", ARGS(entry_applied(here, "socket_stack", ARGS())));
    return by_net(here, socket, own_of(here, network).icmp);
}

STACK(generic_stack)(NETWORK network)
{
    return stack_on(called(), network);
}

STACK default_stack(void)
{
    struct here here = called();
    return stack_on(here, network_of_target(here));
}

ICMP(generic_icmp)(NETWORK network)
{
    return icmp_on(called(), network);
}

ICMP default_icmp(void)
{
    struct here here = called();
    return icmp_on(here, network_of_target(here));
}

STACK(socket_stack)(void)
{
    return entry_applied(called(), "socket_stack", ARGS());
}

ICMP(icmp_socket)(STACK stack)
{
    return entry_applied(called(), "icmp_socket", ARGS(stack));
}

RESOLVER(resolver)(void)
{
    return entry_applied(called(), "resolver", ARGS());
}

RESOLVER(dns_client)(STACK stack)
{
    struct here here = called();
    return entry_applied(here, "dns_client", ARGS(stack, entry_applied(here, "default_random", ARGS())));
}

RESOLVER(generic_resolver)(STACK stack)
{
    struct here here = called();
    return by_net(here, entry_applied(here, "resolver", ARGS()),
                  entry_applied(here, "dns_client", ARGS(stack, random_of(here))));
}

CONNECTOR(happy_eyeballs)(STACK stack, RESOLVER names)
{
    return entry_applied(called(), "happy_eyeballs", ARGS(stack, names));
}

HTTP(http_server)(STACK stack)
{
    struct here here = called();
    return entry_applied(here, "http_server", ARGS(stack, entry_applied(here, "default_pclock", ARGS())));
}

SITE(site)(HTTP http, KV_RO files)
{
    return entry_applied(called(), "site", ARGS(http, files));
}

HTTP_CLIENT(http_client)(STACK stack, RESOLVER names)
{
    struct here here = called();
    return entry_applied(here, "http_client",
                         ARGS(entry_applied(here, "happy_eyeballs", ARGS(stack, names))));
}
