/* What the command line says, and the job itself. */
#include "nat.h"

#include <stdlib.h>

ARG_CIDR(inside, "10.1.0.1/24", "the router's address inside, and the network of the hosts there");
ARG_CIDR(outside, "192.0.2.2/24", "its address outside, which all hosts inside share");
ARG_IP(gateway, "192.0.2.1", "the router outside for everything beyond that network");

static const struct metric_row metrics[] = {
    METRIC_ROW(struct nat, forwarded, COUNTER, "nat.forwarded", "packets forwarded"),
    METRIC_ROW(struct nat, malformed, COUNTER, "nat.malformed", "packets that are malformed"),
    METRIC_ROW(struct nat, martian, COUNTER, "nat.martian",
               "packets that can't come from there, or must not go where they are sent to"),
    METRIC_ROW(struct nat, source_routed, COUNTER, "nat.source_routed", "source-routed packets"),
    METRIC_ROW(struct nat, unmapped, COUNTER, "nat.unmapped", "packets that no host inside expects"),
    METRIC_ROW(struct nat, full, COUNTER, "nat.full", "packets of a flow that no room was found for"),
    METRIC_ROW(struct nat, unsent, COUNTER, "nat.unsent", "packets that the next link did not take"),
    METRIC_ROW(struct nat, evicted, COUNTER, "nat.evicted", "flows that gave way to others"),
    METRIC_ROW(struct nat, errors_out, COUNTER, "nat.errors_out", "ICMP errors sent"),
    METRIC_ROW(struct nat, errors_limited, COUNTER, "nat.errors_limited",
               "ICMP errors not sent for there were many"),
    METRIC_ROW(struct nat, fragments_in, COUNTER, "nat.fragments_in", "fragments received"),
    METRIC_ROW(struct nat, fragments_out, COUNTER, "nat.fragments_out", "fragments sent"),
    METRIC_ROW(struct nat, flow_count, GAUGE, "nat.flows", "flows that are followed"),
    METRIC_ROW(struct nat, mapping_count, GAUGE, "nat.mappings", "ports outside that are in use"),
    METRIC_ROW(struct nat, host_count, GAUGE, "nat.hosts", "hosts inside that have flows"),
};

static bool is_host_on(const struct ip_cidr *cidr)
{
    if (!ip_is_v4(&cidr->addr) || cidr->prefix < 1 || cidr->prefix > 31)
        return false;
    uint32_t number = ipv4_number(&cidr->addr), host = number & ~ipv4_mask(cidr->prefix);
    return number >> 24 != 0 && !ipv4_is_loopback(number) && number >> 28 < 0xe &&
           (cidr->prefix == 31 || (host != 0 && host != ~ipv4_mask(cidr->prefix)));
}

static bool check_side(const char *name, const struct ip_cidr *cidr)
{
    char text[IP_TEXT_SIZE];

    if (is_host_on(cidr))
        return true;
    log_error("--%s=%s is not a host's IPv4 address with the length of its network, such as 10.1.0.1/24",
              name, ip_cidr_format(cidr, text));
    return false;
}

static bool check_arguments(void)
{
    char a[IP_TEXT_SIZE], b[IP_TEXT_SIZE];

    if (!check_side("inside", &inside) || !check_side("outside", &outside))
        return false;
    if (ip_cidr_contains(&inside, &outside.addr) || ip_cidr_contains(&outside, &inside.addr)) {
        log_error(
            "--inside=%s and --outside=%s are one network; give two networks that have no address in common",
            ip_cidr_format(&inside, a), ip_cidr_format(&outside, b));
        return false;
    }
    if (!ip_cidr_contains(&outside, &gateway) || ip_equal(&gateway, &outside.addr)) {
        log_error("--gateway=%s is not another host of the network of --outside=%s; give the router's "
                  "address there",
                  ip_format(&gateway, a), ip_cidr_format(&outside, b));
        return false;
    }
    return true;
}

static void set_side(struct nat_side *side, bool out, const struct ip_cidr *cidr)
{
    side->out = out;
    side->address = ipv4_number(&cidr->addr);
    side->mask = ipv4_mask(cidr->prefix);
    side->reassembly.lifetime = SECONDS(key_reassembly_seconds);
    side->timer = (struct os_timer)OS_TIMER_INIT(nat_collect_expire, side);
}

static void clear_side(struct nat_side *side)
{
    os_timer_stop(&side->timer);
    reassembly_end(&side->reassembly);
}

IO err nat_start(struct inside *in, struct inside_arp *in_arp, struct outside *out,
                 struct outside_arp *out_arp, struct random *random)
{
    struct os_waitq forever = { 0 };

    if (!check_arguments())
        return ERR_INVALID;
    /* Pages that no flow has needed yet are not touched. */
    struct nat *nat = calloc(1, sizeof *nat);
    if (nat == NULL)
        return ERR_NO_MEMORY;
    nat->inside_arp = in_arp;
    nat->outside_arp = out_arp;
    nat->random = random;
    nat->secret = random_u64(random);
    random_fill(random, &nat->ids, sizeof nat->ids);
    nat->gateway = ipv4_number(&gateway);
    set_side(&nat->in, false, &inside);
    set_side(&nat->out, true, &outside);
    inside_info(in, &nat->in.info);
    outside_info(out, &nat->out.info);
    inside_arp_set_network(in_arp, &inside);
    outside_arp_set_network(out_arp, &outside);
    err e = inside_arp_add(in_arp, &inside.addr, false);
    if (e == OK)
        e = outside_arp_add(out_arp, &outside.addr, false);
    if (e == OK) {
        metric_register(metrics, nat, INSTANCE_NAME);
        inside_listen_ipv4(in, nat);
        outside_listen_ipv4(out, nat);
        log_info("forwarding");
        e = os_wait(&forever);
        inside_listen_ipv4(in, NULL);
        outside_listen_ipv4(out, NULL);
        metric_unregister(metrics, nat);
    }
    inside_arp_remove(in_arp, &inside.addr);
    outside_arp_remove(out_arp, &outside.addr);
    clear_side(&nat->in);
    clear_side(&nat->out);
    free(nat);
    return e == ERR_CANCELLED ? OK : e;
}
