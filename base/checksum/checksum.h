/*
 * The Internet checksum: one's complement sums of 16-bit words (RFC 1071).
 *
 * An unfinished sum is a uint32_t in the byte order of memory. It is never swapped on any machine,
 * and checksum_store writes it as it is (RFC 1071, section 2 (B)). Begin with 0 or with a
 * pseudo-header's sum, add pieces, and store:
 *
 *     uint32_t sum = checksum_pseudo(&head->source, &head->destination, head->protocol, len);
 *     sum = checksum_add_buf(sum, segment, 0, len);   // with the checksum field zero
 *     checksum_store(tcp + 16, sum);
 *
 * To verify, sum the packet with the field as it came, and call checksum_is_valid(sum).
 * Nothing here suspends, allocates or fails.
 */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mirage/buf.h>
#include <base/ip/ip.h>
#include <base/wire/wire.h>

/* Add `len` bytes that begin at an even offset of the data that is summed. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len);

/*
 * Add `len` bytes from `offset` of the message, over its chain, whose pieces may have odd lengths. Bytes
 * beyond the end of the chain are not counted.
 */
uint32_t checksum_add_buf(uint32_t sum, const struct buf *b, size_t offset, size_t len);

/*
 * The pseudo-header of TCP, UDP and ICMPv6: RFC 9293 section 3.1 when both addresses are IPv4,
 * RFC 8200 section 8.1 otherwise. `len` counts the bytes of the transport's header and payload.
 */
uint32_t checksum_pseudo(const struct ip_addr *source, const struct ip_addr *destination, uint8_t protocol,
                         uint32_t len);

/* One's complement addition of two sums. */
static inline uint32_t checksum_plus(uint32_t a, uint32_t b)
{
    uint64_t sum = (uint64_t)a + b;
    return (uint32_t)sum + (uint32_t)(sum >> 32);
}

/* The sum in 16 bits, in the byte order of memory, not complemented. */
static inline uint16_t checksum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)(sum + (sum >> 16));
}

/* The sum of bytes at an odd offset, made from their sum at an even one (RFC 1071, section 2 (B)). */
static inline uint32_t checksum_swap(uint32_t sum)
{
    uint16_t folded = checksum_fold(sum);
    return (uint16_t)(folded << 8 | folded >> 8);
}

/* Read a 16-bit word in the byte order of memory: a checksum field, or any other. */
static inline uint16_t checksum_load(const uint8_t *field)
{
    uint16_t word;
    memcpy(&word, field, sizeof word);
    return word;
}

/* Write the checksum, which is the sum's complement, to a field of two bytes. */
static inline void checksum_store(uint8_t *field, uint32_t sum)
{
    uint16_t word = (uint16_t)~checksum_fold(sum);
    memcpy(field, &word, sizeof word);
}

/* The same as checksum_store, for UDP, where zero would mean that there is no checksum (RFC 768). */
static inline void checksum_store_udp(uint8_t *field, uint32_t sum)
{
    uint16_t word = (uint16_t)~checksum_fold(sum);
    if (word == 0)
        word = 0xffff;
    memcpy(field, &word, sizeof word);
}

/* Write the sum itself. The field of a BUF_CSUM_PARTIAL packet contains the pseudo-header's sum. */
static inline void checksum_store_partial(uint8_t *field, uint32_t sum)
{
    uint16_t word = checksum_fold(sum);
    memcpy(field, &word, sizeof word);
}

/* Whether a sum over bytes, their checksum field included, shows that the checksum is right. */
static inline bool checksum_is_valid(uint32_t sum)
{
    return checksum_fold(sum) == 0xffff;
}

/*
 * Correct a checksum field after `len` bytes (an even number, at an even offset) have changed from `before`
 * to `after`: HC' = ~(~HC + ~m + m') of RFC 1624, section 3.
 */
static inline void checksum_update(uint8_t *field, const void *before, const void *after, size_t len)
{
    uint32_t sum = (uint16_t)~checksum_load(field);
    sum = checksum_plus(sum, (uint16_t)~checksum_fold(checksum_add(0, before, len)));
    checksum_store(field, checksum_add(sum, after, len));
}

/* checksum_update for one word, in host order. */
static inline void checksum_update16(uint8_t *field, uint16_t before, uint16_t after)
{
    uint8_t words[4];
    wire_put16(wire_put16(words, before), after);
    checksum_update(field, words, words + 2, 2);
}

#endif
