/* The UDP header (RFC 768). Pure. */
#ifndef BASE_WIRE_UDP_H
#define BASE_WIRE_UDP_H

#include <mirage/err.h>
#include <base/wire/wire.h>

#include <stddef.h>

enum { UDP_SOURCE = 0, UDP_DESTINATION = 2, UDP_LENGTH = 4, UDP_CHECKSUM = 6, UDP_HEADER = 8 };

enum { UDP_LENGTH_MAX = 65535 };

struct udp_header {
    uint16_t source, destination; /* ports, host order */
    uint16_t length;              /* with the header; no more than the bytes that are there */
    uint16_t checksum;            /* as in the header; 0: none was computed */
};

/* Read the header of a datagram of `total` bytes, whose first `len` lie at `p`. ERR_FORMAT. */
static inline err udp_parse(struct udp_header *out, const uint8_t *p, size_t len, size_t total)
{
    if (len < UDP_HEADER)
        return ERR_FORMAT;
    out->source = wire_get16(p + UDP_SOURCE);
    out->destination = wire_get16(p + UDP_DESTINATION);
    out->length = wire_get16(p + UDP_LENGTH);
    memcpy(&out->checksum, p + UDP_CHECKSUM, 2);
    if (out->length < UDP_HEADER || out->length > total || out->destination == 0)
        return ERR_FORMAT;
    return OK;
}

/* Write the header with a zero checksum. */
static inline void udp_emit(uint8_t *p, uint16_t source, uint16_t destination, size_t length)
{
    wire_put16(p + UDP_SOURCE, source);
    wire_put16(p + UDP_DESTINATION, destination);
    wire_put16(p + UDP_LENGTH, (uint32_t)length);
    wire_put16(p + UDP_CHECKSUM, 0);
}

#endif
