/*
 * The MTUs of paths, as routers reported them (RFC 1191, section 6.3; RFC 8201, section 5.3). The table is
 * bounded, and its entries expire, so that a larger MTU is found again. ipv4 and ipv6 share this code.
 */
#ifndef BASE_PATH_MTU_H
#define BASE_PATH_MTU_H

#include <base/ip/ip.h>
#include <mirage/time.h>

enum { PATH_MTU_MAX = 128 };
#define PATH_MTU_LIFETIME MINUTES(10)

struct path_mtu {
    size_t count;
    struct path_mtu_entry {
        struct ip_addr destination;
        uint32_t mtu;
        os_time until, used;
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
        *until = entry->until;
        entry->used = now;
        return entry->mtu;
    }
    return 0;
}

/* The entry that was not looked up for longest makes room, so that those in use survive a flood of others. */
static inline void path_mtu_note(struct path_mtu *table, const struct ip_addr *destination, uint32_t mtu,
                                 os_time now)
{
    struct path_mtu_entry *entry = &table->entries[0];
    for (size_t i = 0; i < table->count; i++) {
        if (ip_equal(&table->entries[i].destination, destination)) {
            entry = &table->entries[i];
            break;
        }
        if (table->entries[i].used < entry->used)
            entry = &table->entries[i];
    }
    if ((table->count == 0 || !ip_equal(&entry->destination, destination)) && table->count < PATH_MTU_MAX)
        entry = &table->entries[table->count++];
    *entry = (struct path_mtu_entry){ *destination, mtu, now + PATH_MTU_LIFETIME, now };
}

#endif
