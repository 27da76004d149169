/*
 * Ethernet II frames of a card, by type.
 *
 * It sorts frames by destination and type, and puts headers before packets.
 */
#include <mirage/functor.h>
#include <mirage/metric.h>

#include <stdlib.h>

#include <base/wire/ethernet.h>

PARAM(NETWORK, net);
MODULE(ETHERNET, ethernet);
CATALOG(direct_ethernet, net);
LOG_SOURCE(ethernet);

/* What becomes of a frame that nobody gets. */
enum drop { DROP_SHORT, DROP_OTHER, DROP_GROUP, DROP_TAG, DROP_TYPE, DROPS };

struct group {
    uint64_t number;
    unsigned uses;
};

struct ethernet {
    struct net *net;
    uint64_t number; /* of our own address */
    void *arp, *ipv4, *ipv6;
    size_t group_count;
    struct group groups[ETHERNET_GROUPS_MAX];
    struct network_info info;
    struct metric drops[DROPS];
};

static const uint64_t broadcast = 0xffffffffffff;

static const struct metric_row metrics[] = {
    METRIC_ROW(struct ethernet, drops[DROP_SHORT], COUNTER, "ethernet.dropped_short",
               "frames shorter than a header"),
    METRIC_ROW(struct ethernet, drops[DROP_OTHER], COUNTER, "ethernet.dropped_other",
               "frames for other hosts"),
    METRIC_ROW(struct ethernet, drops[DROP_GROUP], COUNTER, "ethernet.dropped_group",
               "frames for groups not joined"),
    METRIC_ROW(struct ethernet, drops[DROP_TAG], COUNTER, "ethernet.dropped_tagged",
               "frames with a VLAN tag"),
    METRIC_ROW(struct ethernet, drops[DROP_TYPE], COUNTER, "ethernet.dropped_type",
               "frames of a type that nobody takes"),
};

IO err ethernet_connect(struct ethernet **out, struct net *net)
{
    struct ethernet *eth = calloc(1, sizeof *eth);

    if (eth == NULL)
        return ERR_NO_MEMORY;
    eth->net = net;
    net_info(net, &eth->info);
    eth->number = ethernet_number(eth->info.mac);
    metric_register(metrics, eth, INSTANCE_NAME);
    net_listen(net, eth);
    *out = eth;
    return OK;
}

IO void ethernet_disconnect(struct ethernet *eth)
{
    net_listen(eth->net, NULL);
    metric_unregister(metrics, eth);
    free(eth);
}

void ethernet_info(struct ethernet *eth, struct network_info *out)
{
    *out = eth->info;
}

err ethernet_write(struct ethernet *eth, const struct ethernet_address *destination, uint16_t type,
                   struct buf *payload)
{
    struct buf *frame = buf_prepend(payload, ETHERNET_HEADER);

    if (frame == NULL)
        return ERR_NO_MEMORY;
    ethernet_emit(frame->data, destination, eth->info.mac, type);
    return net_write(eth->net, frame);
}

static struct group *find_group(struct ethernet *eth, uint64_t number)
{
    for (size_t i = 0; i < eth->group_count; i++)
        if (eth->groups[i].number == number)
            return &eth->groups[i];
    return NULL;
}

err ethernet_join(struct ethernet *eth, const struct ethernet_address *address)
{
    uint64_t number = ethernet_number(address->bytes);
    struct group *group = find_group(eth, number);

    if (group == NULL) {
        if (eth->group_count == ETHERNET_GROUPS_MAX)
            return ERR_NO_SPACE;
        group = &eth->groups[eth->group_count++];
        *group = (struct group){ .number = number };
    }
    group->uses++;
    return OK;
}

void ethernet_leave(struct ethernet *eth, const struct ethernet_address *address)
{
    struct group *group = find_group(eth, ethernet_number(address->bytes));

    if (group != NULL && --group->uses == 0)
        *group = eth->groups[--eth->group_count];
}

void ethernet_listen_arp(struct ethernet *eth, void *ctx)
{
    eth->arp = ctx;
}

void ethernet_listen_ipv4(struct ethernet *eth, void *ctx)
{
    eth->ipv4 = ctx;
}

void ethernet_listen_ipv6(struct ethernet *eth, void *ctx)
{
    eth->ipv6 = ctx;
}

static void drop(struct ethernet *eth, enum drop why, struct buf *frame)
{
    metric_add(&eth->drops[why], 1);
    log_debug("dropped a frame: %s", eth->drops[why].help);
    buf_free(frame);
}

void net_on_frame(void *ctx, struct buf *frame)
{
    struct ethernet *eth = ctx;

    if (frame->len < ETHERNET_HEADER) {
        if (buf_len(frame) < ETHERNET_HEADER) {
            drop(eth, DROP_SHORT, frame);
            return;
        }
        frame = buf_pull_up(frame, ETHERNET_HEADER);
        if (frame == NULL)
            return;
    }
    uint64_t destination = ethernet_number(frame->data + ETHERNET_DESTINATION);
    bool group = destination != eth->number;
    if (group && destination != broadcast) {
        if (!ethernet_is_group(frame->data + ETHERNET_DESTINATION)) {
            drop(eth, DROP_OTHER, frame);
            return;
        }
        if (find_group(eth, destination) == NULL) {
            drop(eth, DROP_GROUP, frame);
            return;
        }
    }
    uint16_t type = wire_get16(frame->data + ETHERNET_TYPE);
    void *listener = type == ETHERNET_IPV4   ? eth->ipv4
                     : type == ETHERNET_IPV6 ? eth->ipv6
                     : type == ETHERNET_ARP  ? eth->arp
                                             : NULL;
    if (listener == NULL) {
        drop(eth, ethernet_is_tag(type) ? DROP_TAG : DROP_TYPE, frame);
        return;
    }
    frame = buf_advance(frame, ETHERNET_HEADER);
    if (frame == NULL)
        return;
    if (type == ETHERNET_IPV4)
        ethernet_on_ipv4(listener, frame, group);
    else if (type == ETHERNET_IPV6)
        ethernet_on_ipv6(listener, frame, group);
    else
        ethernet_on_arp(listener, frame, group);
}
