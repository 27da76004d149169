/*
 * Numbers at any address, as wire formats have them: in network byte order, and with _le in little endian.
 * Nothing is checked. The functions that write a number return the place behind it.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdint.h>

static inline uint16_t wire_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t *wire_put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static inline uint8_t *wire_put32(uint8_t *p, uint32_t value)
{
    return wire_put16(wire_put16(p, value >> 16), value);
}

static inline uint8_t *wire_put32_le(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        *p++ = (uint8_t)(value >> 8 * i);
    return p;
}

static inline uint8_t *wire_put64_le(uint8_t *p, uint64_t value)
{
    return wire_put32_le(wire_put32_le(p, (uint32_t)value), (uint32_t)(value >> 32));
}

#endif
