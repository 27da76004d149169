/*
 * The MTUs of paths, as routers reported them (RFC 1191, section 6.3; RFC 8201, section 5.3) or probes found
 * them (RFC 8899). The table is bounded, and its entries expire, so that a larger MTU is found again. Both of
 * ipv4 and ipv6 use it.
 */
#ifndef BASE_PATH_MTU_H
#define BASE_PATH_MTU_H

#include <stdbool.h>

#include <base/ip/ip.h>
#include <mirage/time.h>

enum { PATH_MTU_MAX = 128 };
#define PATH_MTU_LIFETIME MINUTES(10)
/* How long a caller may keep what it found, so that the table knows what is in use. */
#define PATH_MTU_AGAIN SECONDS(1)

struct path_mtu {
    size_t count;
    struct path_mtu_entry {
        struct ip_addr destination;
        uint32_t mtu;
        os_time until, used; /* `used` is 0 as long as nobody has asked */
    } entries[PATH_MTU_MAX];
};

/* The MTU of the path, or 0 when none is known. `*until` is then when to ask again. */
static inline uint32_t path_mtu_find(struct path_mtu *table, const struct ip_addr *destination, os_time now,
                                     os_time *until)
{
    *until = OS_NEVER;
    for (size_t i = 0; i < table->count; i++) {
        struct path_mtu_entry *entry = &table->entries[i];
        if (!ip_equal(&entry->destination, destination) || now >= entry->until)
            continue;
        *until = entry->until < now + PATH_MTU_AGAIN ? entry->until : now + PATH_MTU_AGAIN;
        entry->used = now;
        return entry->mtu;
    }
    return 0;
}

/*
 * Whether `a` gives way before `b`: what is over, what nobody has asked for, then what was used longest ago.
 */
static inline bool path_mtu_gives_way(const struct path_mtu_entry *a, const struct path_mtu_entry *b,
                                      os_time now)
{
    if ((now >= a->until) != (now >= b->until))
        return now >= a->until;
    return a->used != b->used ? a->used < b->used : a->until < b->until;
}

/*
 * Note an MTU, and return when to ask for it. Anybody who has connections can have MTUs noted for them, and
 * those that no packet was sent to afterwards make room first. So what is in use survives a flood of others.
 */
static inline os_time path_mtu_note(struct path_mtu *table, const struct ip_addr *destination, uint32_t mtu,
                                    os_time now)
{
    struct path_mtu_entry *entry = &table->entries[0];
    os_time used = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (ip_equal(&table->entries[i].destination, destination)) {
            entry = &table->entries[i];
            used = entry->used;
            break;
        }
        if (path_mtu_gives_way(&table->entries[i], entry, now))
            entry = &table->entries[i];
    }
    if ((table->count == 0 || !ip_equal(&entry->destination, destination)) && table->count < PATH_MTU_MAX)
        entry = &table->entries[table->count++];
    *entry = (struct path_mtu_entry){ *destination, mtu, now + PATH_MTU_LIFETIME, used };
    return now + PATH_MTU_AGAIN;
}

#endif
