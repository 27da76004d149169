/*
 * Frames for the tests of networks. They are made by hand, and checked with checksums that the tests compute
 * themselves.
 */
#ifndef TEST_NETWORK_FRAMES_H
#define TEST_NETWORK_FRAMES_H

#include <stdio.h>
#include <string.h>

#include <mirage/buf.h>

#define UNUSED __attribute__((unused))

enum frame_kind { FRAME_TCP4, FRAME_TCP6, FRAME_UDP4, FRAME_UDP6 };

static UNUSED void put16(uint8_t *p, unsigned n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
}

static UNUSED unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static UNUSED uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static UNUSED uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static UNUSED bool frame_is_v6(enum frame_kind kind)
{
    return kind == FRAME_TCP6 || kind == FRAME_UDP6;
}

static UNUSED bool frame_is_tcp(enum frame_kind kind)
{
    return kind == FRAME_TCP4 || kind == FRAME_TCP6;
}

static UNUSED size_t frame_transport(enum frame_kind kind)
{
    return frame_is_v6(kind) ? 54 : 34;
}

static UNUSED size_t frame_head(enum frame_kind kind)
{
    return frame_transport(kind) + (frame_is_tcp(kind) ? 32 : 8);
}

/* The checksum of the pseudo-header, in host order. */
static UNUSED uint32_t pseudo(const uint8_t *frame, size_t transport, size_t len, unsigned protocol)
{
    uint32_t sum = (uint32_t)len + protocol;
    return transport == 34 ? sum16(sum, frame + 26, 8) : sum16(sum, frame + 22, 32);
}

/*
 * A frame with BUF_CSUM_PARTIAL whose `payload` bytes count up, in a view of their own. When `size` is not 0,
 * it has the matching gso.
 */
static UNUSED struct buf *frame_make(enum frame_kind kind, const uint8_t *to, const uint8_t *from,
                                     size_t payload, unsigned size)
{
    size_t transport = frame_transport(kind), head = frame_head(kind);
    struct buf *b = buf_alloc(head), *data = buf_alloc(payload);
    if (b == NULL || data == NULL) {
        buf_free(b);
        buf_free(data);
        return NULL;
    }
    uint8_t *p = b->data, *ip = p + 14, *t = p + transport;
    memset(p, 0, head);
    memcpy(p, to, 6);
    memcpy(p + 6, from, 6);
    if (frame_is_v6(kind)) {
        put16(p + 12, 0x86dd);
        ip[0] = 0x60;
        put16(ip + 4, (unsigned)(head - 54 + payload));
        ip[6] = frame_is_tcp(kind) ? 6 : 17;
        ip[7] = 64;
        ip[8] = ip[24] = 0xfd;
        ip[23] = 1, ip[39] = 2;
    } else {
        put16(p + 12, 0x0800);
        ip[0] = 0x45;
        put16(ip + 2, (unsigned)(head - 14 + payload));
        put16(ip + 4, 0xfffe);
        ip[6] = 0x40;
        ip[8] = 64;
        ip[9] = frame_is_tcp(kind) ? 6 : 17;
        memcpy(ip + 12, (uint8_t[]){ 10, 0, 0, 1, 10, 0, 0, 2 }, 8);
        put16(ip + 10, 0xffff & ~sum16(0, ip, 20));
    }
    put16(t, 4000);
    put16(t + 2, 9);
    if (frame_is_tcp(kind)) {
        put16(t + 4, 0xffff);
        put16(t + 6, 0xff00);
        t[12] = 0x80;
        t[13] = 0x99; /* CWR, ACK, PSH, FIN */
        t[20] = t[21] = 1;
        t[22] = 8, t[23] = 10;
    } else {
        put16(t + 4, (unsigned)(8 + payload));
    }
    for (size_t i = 0; i < payload; i++)
        data->data[i] = (uint8_t)(i ^ i >> 8);
    b->next = data;
    b->csum = BUF_CSUM_PARTIAL;
    b->csum_start = (uint16_t)transport;
    b->csum_offset = frame_is_tcp(kind) ? 16 : 6;
    put16(t + b->csum_offset, pseudo(p, transport, head - transport + payload, frame_is_tcp(kind) ? 6 : 17));
    if (size != 0) {
        b->gso = kind == FRAME_TCP4 ? BUF_GSO_TCP4 : kind == FRAME_TCP6 ? BUF_GSO_TCP6 : BUF_GSO_UDP;
        b->gso_size = (uint16_t)size;
    }
    return b;
}

/* The reason why a received frame of frame_make is wrong, or NULL. Its payload begins at byte `at`. */
static UNUSED const char *frame_wrong(const struct buf *b, enum frame_kind kind, size_t at)
{
    static uint8_t p[65535 + 14];
    size_t transport = frame_transport(kind), head = frame_head(kind), len = buf_len(b);
    unsigned protocol = frame_is_tcp(kind) ? 6 : 17, field = frame_is_tcp(kind) ? 16 : 6;
    if (len < head || len > sizeof p || buf_read_copy(b, 0, p, len) != OK)
        return "its length";
    if (frame_is_v6(kind) ? get16(p + 18) != len - 54
                          : get16(p + 16) != len - 14 || sum16(0, p + 14, 20) != 0xffff)
        return "its IP header";
    if (!frame_is_tcp(kind) && get16(p + transport + 4) != len - transport)
        return "its UDP length";
    if (frame_is_tcp(kind) && get32(p + transport + 4) != (uint32_t)(0xffffff00 + at))
        return "its sequence number";
    if (b->csum == BUF_CSUM_PARTIAL) {
        if (b->csum_start != transport || b->csum_offset != field ||
            get16(p + transport + field) != pseudo(p, transport, len - transport, protocol))
            return "its partial checksum";
    } else if (sum16(pseudo(p, transport, len - transport, protocol), p + transport, len - transport) !=
               0xffff) {
        return "its checksum";
    }
    for (size_t i = head; i < len; i++)
        if (p[i] != (uint8_t)((i - head + at) ^ (i - head + at) >> 8))
            return "its payload";
    return NULL;
}

#endif
