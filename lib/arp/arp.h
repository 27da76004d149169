/*
 * Which Ethernet address an IPv4 neighbour has, by RFC 826, with conflict detection by RFC 5227.
 *
 * table.c keeps the neighbours, address.c has this host's own addresses, arp.c receives and sends packets.
 */
#ifndef ARP_H
#define ARP_H

#include <mirage/functor.h>
#include <mirage/metric.h>

#include <base/waiting/waiting.h>
#include <base/wire/arp.h>

PARAM(ETHERNET, eth);
PARAM(RANDOM, random);
MODULE(ARP_ON, arp, eth);
CATALOG(direct_arp, eth);
LOG_SOURCE(arp);

KEY_INT(entries_max, 512, 1, 65534, "neighbours that are remembered");
KEY_INT(waiting_max, 16, 1, 64, "packets that wait for one neighbour's address");
KEY_INT(waiting_total_max, 128, 0, 1 << 20, "packets that wait for addresses altogether");
KEY_INT(waiting_bytes_max, 1048576, 262144, INT64_C(1) << 40, "memory that these hold, bytes");

enum {
    ARP_HEADS = 256,
    ARP_ADDRESSES_MAX = 8,
    ARP_TRIES = 3, /* requests before a neighbour counts as gone */
};

#define ARP_RETRY SECONDS(1)
/* RFC 1122, section 2.3.2.1: an entry is used for this long before it is verified, by unicast. */
#define ARP_FRESH SECONDS(60)
/* An entry that has not been verified for this long is no longer used. */
#define ARP_OLD MINUTES(20)
/* A neighbour that did not answer is not asked again for this long. */
#define ARP_GONE SECONDS(1)

/* RFC 5227, section 1.1. */
#define ARP_PROBES 3
#define ARP_PROBE_WAIT SECONDS(1)
#define ARP_PROBE_MIN SECONDS(1)
#define ARP_PROBE_MAX SECONDS(2)
#define ARP_ANNOUNCEMENTS 2
#define ARP_ANNOUNCE_WAIT SECONDS(2)
#define ARP_ANNOUNCE_INTERVAL SECONDS(2)
#define ARP_DEFEND_INTERVAL SECONDS(10)

enum arp_state {
    ARP_FREE,
    ARP_ASKED, /* no address yet; packets wait */
    ARP_KNOWN,
    ARP_POLLED,  /* known, and being verified */
    ARP_MISSING, /* it did not answer */
};

struct arp_entry {
    uint32_t ip;
    struct ethernet_address mac;
    uint8_t state, tries, waiting_count;
    uint16_t next; /* in its hash chain or the free list; an index plus one */
    os_time since; /* when it was confirmed, or last asked */
    os_time used;  /* 0: never; a stranger has told its address */
    struct buf *waiting[KEY_CONSTANT(waiting_max)]; /* oldest first */
};

enum arp_claim { ARP_UNUSED, ARP_PROBING, ARP_TAKEN, ARP_OURS };

struct arp_address {
    uint32_t ip;
    uint8_t state, announcements;     /* still to be sent */
    os_time announce_at, defended_at; /* 0: never */
    struct os_waitq prober;
};

struct arp {
    struct eth *eth;
    struct random *random;
    void *ctx;
    struct ethernet_address mac;
    uint32_t network, mask; /* whose hosts are remembered when they ask */
    uint32_t seed, pending; /* `pending` counts the entries that the timer has to look at */
    uint16_t free;
    size_t count;
    struct waiting waiting;
    struct os_timer timer;
    struct os_waitq changed; /* entries became known or missing */
    struct arp_address addresses[ARP_ADDRESSES_MAX];
    struct metric neighbours, refused, dropped, conflicts;
    uint16_t heads[ARP_HEADS];
    struct arp_entry entries[];
};

/* The entry, or NULL. */
INTERNAL struct arp_entry *arp_find(struct arp *arp, uint32_t ip);
/*
 * The entry of this address, made as ARP_ASKED when there is none. Another one gives way when the table is
 * full: one that was never used, one of too many that have no address, or else the least recently used one.
 */
INTERNAL struct arp_entry *arp_make(struct arp *arp, uint32_t ip);
INTERNAL void arp_release(struct arp *arp, struct arp_entry *entry);
/* Send a request, to everybody or to the known link address. */
INTERNAL void arp_ask(struct arp *arp, struct arp_entry *entry);
/* Record a neighbour's link address, and send the packets that wait for it. */
INTERNAL void arp_learn(struct arp *arp, struct arp_entry *entry, const struct ethernet_address *mac);
/*
 * Let a packet wait for the entry's link address. When too many wait, the entry's oldest are dropped, or this
 * one when others hold all the room.
 */
INTERNAL err arp_hold(struct arp *arp, struct arp_entry *entry, struct buf *packet);
/* Repeat requests, and give up on those that got no answer. Returns when to look again. */
INTERNAL os_time arp_age(struct arp *arp, os_time now);

INTERNAL void arp_send(struct arp *arp, enum arp_operation operation, uint32_t sender_ip,
                       const struct ethernet_address *target_mac, uint32_t target_ip,
                       const struct ethernet_address *destination);

/* Find this host's own address, in any state. NULL: there is none. */
INTERNAL struct arp_address *arp_own(struct arp *arp, uint32_t ip);
/* RFC 5227: check whether the packet claims one of our addresses. */
INTERNAL void arp_check_conflict(struct arp *arp, const struct arp_packet *packet);
/* Send the announcements that are due. Returns when the next one is. */
INTERNAL os_time arp_announce(struct arp *arp, os_time now);
/* Let the timer fire at that time or earlier. */
INTERNAL void arp_arm(struct arp *arp, os_time when);

static inline uint32_t arp_number(const struct ip_addr *addr)
{
    return wire_get32(addr->bytes + 12);
}

#endif
