/* The table of neighbours: hash chains of entries in an array, so that it never grows. */
#include "arp.h"

static uint16_t *head_of(struct arp *arp, uint32_t ip)
{
    uint32_t hash = (ip ^ arp->seed) * 0x9e3779b1;
    return &arp->heads[hash >> 24];
}

INTERNAL struct arp_entry *arp_find(struct arp *arp, uint32_t ip)
{
    for (uint16_t i = *head_of(arp, ip); i != 0; i = arp->entries[i - 1].next)
        if (arp->entries[i - 1].ip == ip)
            return &arp->entries[i - 1];
    return NULL;
}

static bool is_pending(const struct arp_entry *entry)
{
    return entry->state == ARP_ASKED || entry->state == ARP_POLLED;
}

static void set_state(struct arp *arp, struct arp_entry *entry, enum arp_state state)
{
    arp->pending -= is_pending(entry);
    entry->state = state;
    arp->pending += is_pending(entry);
}

static struct waiting_queue queue_of(struct arp_entry *entry)
{
    return (struct waiting_queue){ entry->waiting, &entry->waiting_count };
}

static void drop_all(struct arp *arp, struct arp_entry *entry)
{
    metric_add(&arp->dropped, entry->waiting_count);
    waiting_drop(&arp->waiting, queue_of(entry), entry->waiting_count);
}

INTERNAL void arp_release(struct arp *arp, struct arp_entry *entry)
{
    uint16_t index = (uint16_t)(entry - arp->entries + 1), *link = head_of(arp, entry->ip);

    drop_all(arp, entry);
    while (*link != index)
        link = &arp->entries[*link - 1].next;
    *link = entry->next;
    set_state(arp, entry, ARP_FREE);
    entry->next = arp->free;
    arp->free = index;
    arp->neighbours.value--;
}

static bool has_address(const struct arp_entry *entry)
{
    return entry->state == ARP_KNOWN || entry->state == ARP_POLLED;
}

/*
 * The entry that gives way to another. What is in use survives a flood of hosts that tell us of themselves,
 * whose entries were never used, and one of packets to hosts that do not answer, which get a quarter of the
 * table.
 */
static struct arp_entry *least_wanted(struct arp *arp)
{
    struct arp_entry *known = NULL, *unknown = NULL;
    size_t unknown_count = 0;

    for (size_t i = 0; i < arp->count; i++) {
        struct arp_entry *entry = &arp->entries[i], **oldest = has_address(entry) ? &known : &unknown;
        unknown_count += oldest == &unknown;
        if (*oldest == NULL || entry->used < (*oldest)->used)
            *oldest = entry;
    }
    if (unknown == NULL || (known != NULL && (known->used == 0 || unknown_count <= arp->count / 4)))
        return known;
    return unknown;
}

INTERNAL struct arp_entry *arp_make(struct arp *arp, uint32_t ip)
{
    struct arp_entry *entry = arp_find(arp, ip);

    if (entry != NULL)
        return entry;
    if (arp->free == 0)
        arp_release(arp, least_wanted(arp));
    uint16_t index = arp->free, *head = head_of(arp, ip);
    entry = &arp->entries[index - 1];
    arp->free = entry->next;
    *entry = (struct arp_entry){ .ip = ip, .next = *head, .used = os_loop_now() };
    *head = index;
    set_state(arp, entry, ARP_ASKED);
    arp->neighbours.value++;
    return entry;
}

INTERNAL void arp_ask(struct arp *arp, struct arp_entry *entry)
{
    uint32_t sender = 0;
    static const struct ethernet_address nobody;

    for (size_t i = 0; i < ARP_ADDRESSES_MAX && sender == 0; i++)
        if (arp->addresses[i].state == ARP_OURS)
            sender = arp->addresses[i].ip;
    entry->since = os_loop_now();
    entry->tries++;
    arp_send(arp, ARP_REQUEST, sender, &nobody, entry->ip,
             entry->state == ARP_POLLED ? &entry->mac : &ETHERNET_BROADCAST);
    arp_arm(arp, entry->since + ARP_RETRY);
}

INTERNAL void arp_learn(struct arp *arp, struct arp_entry *entry, const struct ethernet_address *mac)
{
    struct buf *waiting[KEY_CONSTANT(waiting_max)];

    entry->mac = *mac;
    entry->since = os_loop_now();
    entry->tries = 0;
    set_state(arp, entry, ARP_KNOWN);
    /* Writing may lead back here, so the entry is finished first. */
    size_t count = waiting_take(&arp->waiting, queue_of(entry), waiting);
    for (size_t i = 0; i < count; i++)
        IGNORE(eth_write(arp->eth, mac, ETHERNET_IPV4, waiting[i]));
    os_wake_all(&arp->changed);
}

INTERNAL err arp_hold(struct arp *arp, struct arp_entry *entry, struct buf *packet)
{
    static const struct waiting_most most = { KEY_CONSTANT(waiting_max), KEY_CONSTANT(waiting_total_max),
                                              KEY_CONSTANT(waiting_bytes_max) };
    size_t dropped;
    err e = waiting_hold(&arp->waiting, &most, queue_of(entry), packet, &dropped);

    metric_add(&arp->dropped, (int64_t)dropped);
    return e;
}

INTERNAL os_time arp_age(struct arp *arp, os_time now)
{
    os_time next = OS_NEVER;

    for (size_t i = 0; i < arp->count && arp->pending > 0; i++) {
        struct arp_entry *entry = &arp->entries[i];
        if (!is_pending(entry))
            continue;
        if (now < entry->since + ARP_RETRY) {
            next = entry->since + ARP_RETRY < next ? entry->since + ARP_RETRY : next;
        } else if (entry->tries < ARP_TRIES) {
            arp_ask(arp, entry);
        } else if (entry->state == ARP_POLLED) {
            /* The neighbour may have moved to another link address. The next packet asks everybody. */
            arp_release(arp, entry);
        } else {
            log_debug("%u.%u.%u.%u does not answer", entry->ip >> 24, entry->ip >> 16 & 255,
                      entry->ip >> 8 & 255, entry->ip & 255);
            drop_all(arp, entry);
            set_state(arp, entry, ARP_MISSING);
            entry->since = now;
            os_wake_all(&arp->changed);
        }
    }
    return next;
}

err arp_write(struct arp *arp, const struct ip_addr *next_hop, struct buf *packet)
{
    uint32_t ip = arp_number(next_hop);
    os_time now = os_loop_now();

    if (packet == NULL)
        return ERR_NO_MEMORY;
    struct arp_entry *entry = arp_find(arp, ip);
    if (entry == NULL)
        entry = arp_make(arp, ip);
    entry->used = now;
    if (entry->state == ARP_KNOWN && now - entry->since > ARP_FRESH) {
        bool old = now - entry->since > ARP_OLD;
        set_state(arp, entry, old ? ARP_ASKED : ARP_POLLED);
        entry->tries = 0;
        if (!old)
            arp_ask(arp, entry);
    }
    if (entry->state >= ARP_KNOWN && entry->state != ARP_MISSING)
        return eth_write(arp->eth, &entry->mac, ETHERNET_IPV4, packet);
    if (entry->state == ARP_MISSING) {
        if (now < entry->since + ARP_GONE) {
            buf_free(packet);
            return ERR_UNREACHABLE;
        }
        set_state(arp, entry, ARP_ASKED);
        entry->tries = 0;
    }
    if (entry->tries == 0)
        arp_ask(arp, entry);
    return arp_hold(arp, entry, packet);
}

IO err arp_resolve(struct arp *arp, const struct ip_addr *addr, struct ethernet_address *out)
{
    uint32_t ip = arp_number(addr);
    struct arp_entry *entry = arp_make(arp, ip);

    if (entry->state == ARP_MISSING ||
        (entry->state == ARP_KNOWN && os_loop_now() - entry->since > ARP_OLD)) {
        set_state(arp, entry, ARP_ASKED);
        entry->tries = 0;
    }
    if (entry->state == ARP_ASKED && entry->tries == 0)
        arp_ask(arp, entry);
    while (entry != NULL && entry->state == ARP_ASKED) {
        TRY(os_wait(&arp->changed));
        entry = arp_find(arp, ip);
    }
    if (entry == NULL || entry->state == ARP_MISSING)
        return ERR_UNREACHABLE;
    *out = entry->mac;
    return OK;
}
