/* This host's own addresses: how they are probed, announced and defended (RFC 5227). */
#include "arp.h"

#include <base/mac/mac.h>

static const struct ethernet_address nobody;

static void log_ip(const char *what, uint32_t ip)
{
    log_warning("%u.%u.%u.%u %s", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, what);
}

static os_time random_between(struct arp *arp, os_time least, os_time most)
{
    return least + (os_time)random_below(arp->random, (uint32_t)((most - least) / 1000)) * 1000;
}

INTERNAL struct arp_address *arp_own(struct arp *arp, uint32_t ip)
{
    for (size_t i = 0; i < ARP_ADDRESSES_MAX; i++)
        if (arp->addresses[i].state != ARP_UNUSED && arp->addresses[i].ip == ip)
            return &arp->addresses[i];
    return NULL;
}

/* Section 2.3. */
INTERNAL os_time arp_announce(struct arp *arp, os_time now)
{
    os_time next = OS_NEVER;

    for (size_t i = 0; i < ARP_ADDRESSES_MAX; i++) {
        struct arp_address *a = &arp->addresses[i];
        if (a->state != ARP_OURS || a->announcements == 0)
            continue;
        if (now >= a->announce_at) {
            arp_send(arp, ARP_REQUEST, a->ip, &nobody, a->ip, &ETHERNET_BROADCAST);
            a->announce_at = now + ARP_ANNOUNCE_INTERVAL;
            if (--a->announcements == 0)
                continue;
        }
        next = a->announce_at < next ? a->announce_at : next;
    }
    return next;
}

/* Section 2.1.1: wait for `duration`, or until another host claims the address. */
static IO err wait_for_claim(struct arp_address *a, os_time duration)
{
    os_time until = os_now() + duration;

    while (a->state == ARP_PROBING) {
        err e = os_wait_until(&a->prober, until);
        if (e == ERR_TIMEOUT && os_check() == OK)
            return OK;
        if (e != OK)
            return e;
    }
    return ERR_EXISTS;
}

static IO err probe_address(struct arp *arp, struct arp_address *a)
{
    TRY(wait_for_claim(a, random_between(arp, 0, ARP_PROBE_WAIT)));
    for (int i = 0; i < ARP_PROBES; i++) {
        arp_send(arp, ARP_REQUEST, 0, &nobody, a->ip, &ETHERNET_BROADCAST);
        TRY(wait_for_claim(a, i < ARP_PROBES - 1 ? random_between(arp, ARP_PROBE_MIN, ARP_PROBE_MAX)
                                                 : ARP_ANNOUNCE_WAIT));
    }
    return OK;
}

IO err arp_add(struct arp *arp, const struct ip_addr *addr, bool probe)
{
    uint32_t ip = arp_number(addr);
    struct arp_address *a = arp_own(arp, ip);

    if (a != NULL)
        return a->state == ARP_OURS ? OK : ERR_BUSY;
    for (size_t i = 0; i < ARP_ADDRESSES_MAX && a == NULL; i++)
        if (arp->addresses[i].state == ARP_UNUSED)
            a = &arp->addresses[i];
    if (a == NULL)
        return ERR_NO_SPACE;
    *a = (struct arp_address){ .ip = ip, .state = probe ? ARP_PROBING : ARP_OURS };
    err e = probe ? probe_address(arp, a) : OK;
    if (e != OK) {
        if (e == ERR_EXISTS)
            log_ip("is used by another host", ip);
        a->state = ARP_UNUSED;
        return e;
    }
    a->state = ARP_OURS;
    a->announcements = ARP_ANNOUNCEMENTS;
    arp_arm(arp, arp_announce(arp, os_loop_now()));
    return OK;
}

void arp_remove(struct arp *arp, const struct ip_addr *addr)
{
    struct arp_address *a = arp_own(arp, arp_number(addr));

    if (a == NULL)
        return;
    /* The fiber that probes the address frees its place. */
    if (a->state == ARP_OURS)
        a->state = ARP_UNUSED;
    else
        a->state = ARP_TAKEN;
    os_wake_all(&a->prober);
}

/* Section 2.4. */
static void defend(struct arp *arp, struct arp_address *a, const struct ethernet_address *other)
{
    os_time now = os_loop_now();
    bool lost = a->defended_at != 0 && now < a->defended_at + ARP_DEFEND_INTERVAL;
    struct ip_addr addr = IP_V4(a->ip >> 24, a->ip >> 16 & 255, a->ip >> 8 & 255, a->ip & 255);
    char mac[MAC_TEXT_SIZE];

    metric_add(&arp->conflicts, 1);
    if (!lost) {
        a->defended_at = now;
        log_warning("%u.%u.%u.%u is claimed by %s too", a->ip >> 24, a->ip >> 16 & 255, a->ip >> 8 & 255,
                    a->ip & 255, mac_format(other->bytes, mac));
        arp_send(arp, ARP_REQUEST, a->ip, &nobody, a->ip, &ETHERNET_BROADCAST);
    }
    if (arp->ctx != NULL)
        arp_on_conflict(arp->ctx, &addr, lost);
}

INTERNAL void arp_check_conflict(struct arp *arp, const struct arp_packet *packet)
{
    if (memcmp(packet->sender_mac.bytes, arp->mac.bytes, 6) == 0)
        return;
    for (size_t i = 0; i < ARP_ADDRESSES_MAX; i++) {
        struct arp_address *a = &arp->addresses[i];
        /* Section 2.1.1: while we probe, another host's probe for the address is a claim too. */
        bool claimed =
            packet->sender_ip == a->ip ||
            (packet->sender_ip == 0 && packet->operation == ARP_REQUEST && packet->target_ip == a->ip);
        if (a->state == ARP_PROBING && claimed) {
            a->state = ARP_TAKEN;
            os_wake_all(&a->prober);
        } else if (a->state == ARP_OURS && packet->sender_ip == a->ip) {
            defend(arp, a, &packet->sender_mac);
        }
    }
}
