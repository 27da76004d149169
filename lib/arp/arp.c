#include "arp.h"

#include <stdlib.h>

static const struct metric_row metrics[] = {
    METRIC_ROW(struct arp, neighbours, GAUGE, "arp.neighbours", "neighbours in the table"),
    METRIC_ROW(struct arp, refused, COUNTER, "arp.refused", "malformed packets"),
    METRIC_ROW(struct arp, dropped, COUNTER, "arp.dropped",
               "packets whose neighbour's address did not come in time"),
    METRIC_ROW(struct arp, conflicts, COUNTER, "arp.conflicts", "claims of other hosts to our addresses"),
};

INTERNAL void arp_arm(struct arp *arp, os_time when)
{
    if (when != OS_NEVER && (!os_timer_is_set(&arp->timer) || when < arp->timer.when))
        IGNORE(os_timer_set(&arp->timer, when)); /* without memory, the next packet sets it */
}

static void on_time(void *arg)
{
    struct arp *arp = arg;
    os_time now = os_loop_now();

    arp_arm(arp, arp_age(arp, now));
    arp_arm(arp, arp_announce(arp, now));
}

IO err arp_connect(struct arp **out, struct eth *eth, struct random *random)
{
    size_t count = (size_t)key_entries_max;
    struct arp *arp = calloc(1, sizeof *arp + count * sizeof *arp->entries);
    struct network_info info;

    if (arp == NULL)
        return ERR_NO_MEMORY;
    arp->eth = eth;
    arp->random = random;
    arp->seed = (uint32_t)random_u64(random);
    arp->timer = (struct os_timer)OS_TIMER_INIT(on_time, arp);
    arp->count = count;
    arp->free = 1;
    for (size_t i = 0; i < count; i++)
        arp->entries[i].next = (uint16_t)(i + 1 < count ? i + 2 : 0);
    eth_info(eth, &info);
    memcpy(arp->mac.bytes, info.mac, 6);
    metric_register(metrics, arp, INSTANCE_NAME);
    eth_listen_arp(eth, arp);
    *out = arp;
    return OK;
}

IO void arp_disconnect(struct arp *arp)
{
    eth_listen_arp(arp->eth, NULL);
    os_timer_stop(&arp->timer);
    for (size_t i = 0; i < arp->count; i++)
        for (size_t k = 0; k < arp->entries[i].waiting_count; k++)
            buf_free(arp->entries[i].waiting[k]);
    metric_unregister(metrics, arp);
    free(arp);
}

void arp_listen(struct arp *arp, void *ctx)
{
    arp->ctx = ctx;
}

INTERNAL void arp_send(struct arp *arp, enum arp_operation operation, uint32_t sender_ip,
                       const struct ethernet_address *target_mac, uint32_t target_ip,
                       const struct ethernet_address *destination)
{
    struct arp_packet packet = { operation, arp->mac, *target_mac, sender_ip, target_ip };
    struct buf *b = buf_alloc(ARP_PACKET);

    if (b == NULL)
        return;
    arp_emit(b->data, &packet);
    IGNORE(eth_write(arp->eth, destination, ETHERNET_ARP, b));
}

void arp_set_network(struct arp *arp, const struct ip_cidr *network)
{
    arp->mask = network->prefix == 0 ? 0 : UINT32_MAX << (32 - network->prefix);
    arp->network = arp_number(&network->addr) & arp->mask;
}

/* Whether another host of the link can have this address (RFC 1122, section 3.2.1.3). */
static bool is_neighbour(const struct arp *arp, uint32_t ip)
{
    uint32_t host = ip & ~arp->mask;

    if (ip >> 24 == 0 || ip >> 24 == 127 || ip >> 28 >= 0xe || (ip & arp->mask) != arp->network)
        return false;
    /* RFC 3021: a network of two addresses has no address of all. */
    return ~arp->mask < 2 || (host != 0 && host != ~arp->mask);
}

/* Whether another host can have this link address. A packet of ours may come back by a loop. */
static bool is_other_link(const struct arp *arp, const struct ethernet_address *mac)
{
    static const struct ethernet_address nobody;
    return memcmp(mac, &arp->mac, sizeof *mac) != 0 && memcmp(mac, &nobody, sizeof *mac) != 0;
}

/*
 * RFC 826, "Packet Reception": a packet makes an entry only when it is for us, and from a host of the link.
 * Otherwise it at most updates one.
 */
static void receive(struct arp *arp, const struct arp_packet *packet)
{
    struct arp_address *target = arp_own(arp, packet->target_ip);
    bool ours = target != NULL && target->state == ARP_OURS;
    bool taken = packet->sender_ip == 0 || arp_own(arp, packet->sender_ip) != NULL;

    arp_check_conflict(arp, packet);
    if (!is_other_link(arp, &packet->sender_mac))
        return;
    if (!taken) {
        struct arp_entry *entry = arp_find(arp, packet->sender_ip);
        if (entry == NULL && ours && packet->operation == ARP_REQUEST &&
            is_neighbour(arp, packet->sender_ip)) {
            entry = arp_make(arp, packet->sender_ip);
            entry->used = 0;
        }
        if (entry != NULL)
            arp_learn(arp, entry, &packet->sender_mac);
    }
    if (ours && packet->operation == ARP_REQUEST && !(taken && packet->sender_ip != 0))
        arp_send(arp, ARP_REPLY, packet->target_ip, &packet->sender_mac, packet->sender_ip,
                 &packet->sender_mac);
}

void eth_on_arp(void *ctx, struct buf *b, bool group)
{
    struct arp *arp = ctx;
    struct arp_packet packet;
    uint8_t bytes[ARP_PACKET];

    (void)group;
    if (buf_read_copy(b, 0, bytes, sizeof bytes) != OK || arp_parse(&packet, bytes, sizeof bytes) != OK) {
        metric_add(&arp->refused, 1);
        log_debug("refused a malformed packet");
    } else {
        receive(arp, &packet);
    }
    buf_free(b);
}
