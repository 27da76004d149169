/*
 * The Ethernet II header: offsets, and views that check nothing. Their user has checked that
 * ETHERNET_HEADER bytes lie there.
 */
#ifndef BASE_WIRE_ETHERNET_H
#define BASE_WIRE_ETHERNET_H

#include <mirage/sig/ethernet.h>
#include <base/wire/wire.h>

enum {
    ETHERNET_DESTINATION = 0,
    ETHERNET_SOURCE = 6,
    ETHERNET_TYPE = 12,
    ETHERNET_HEADER = 14,
};

/* A value below this is a length of IEEE 802.3. */
enum { ETHERNET_TYPE_MIN = 0x0600 };

/* IEEE 802.1Q and 802.1ad tags, and the older QinQ. */
static inline bool ethernet_is_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Whether the address is multicast; the broadcast address is multicast too. */
static inline bool ethernet_is_group(const uint8_t *address)
{
    return (address[0] & 1) != 0;
}

/* The address as a number, which compares faster than bytes. */
static inline uint64_t ethernet_number(const uint8_t *address)
{
    uint32_t low;
    uint16_t high;
    memcpy(&low, address, sizeof low);
    memcpy(&high, address + 4, sizeof high);
    return low | (uint64_t)high << 32;
}

static inline void ethernet_emit(uint8_t *frame, const struct ethernet_address *destination,
                                 const uint8_t *source, uint16_t type)
{
    memcpy(frame + ETHERNET_DESTINATION, destination->bytes, 6);
    memcpy(frame + ETHERNET_SOURCE, source, 6);
    wire_put16(frame + ETHERNET_TYPE, type);
}

#endif
