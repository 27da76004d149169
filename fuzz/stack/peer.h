/*
 * The other hosts on the wire. They send frames that the input describes. Addresses, lengths, numbers and
 * checksums are right, except for those that a byte of the input (`enum wrong`) makes wrong.
 */
#ifndef FUZZ_STACK_PEER_H
#define FUZZ_STACK_PEER_H

#include "wire.h"

enum wrong {
    WRONG_CHECKSUM = 1,    /* the transport's */
    WRONG_HEADER = 2,      /* a byte of the IP header, from the input */
    WRONG_LINK = 4,        /* sent to the broadcast address of the link */
    WRONG_DESTINATION = 8, /* to a group, or another host */
    CUT = 16,              /* without the end */
    FRAGMENTS = 32,        /* in two fragments, perhaps in the wrong order */
    SPLIT = 64,            /* in two views */
    CHECKED = 128,         /* the device says that checksums are right */
};

/* Two hosts on the link, one beyond a router, and a broadcast or multicast address. */
static const struct ip_addr peers4[4] = { IP_V4(10, 0, 0, 1), IP_V4(10, 0, 0, 3), IP_V4(192, 0, 2, 1),
                                          IP_V4(10, 0, 0, 255) };
static const struct ip_addr peers6[4] = {
    { .bytes = { 0xfe, 0x80, [15] = 1 } },
    { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
    { .bytes = { 0x20, 0x01, 0x0d, 0xb8, 0, 9, [15] = 1 } },
    { .bytes = { 0xff, 0x02, [15] = 1 } },
};

struct packet {
    struct ip_addr from, to;
    uint8_t protocol, hop_limit, wrong;
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

static struct packet new_packet(bool v6, unsigned peer, unsigned self, uint8_t protocol)
{
    return (struct packet){ .from = v6 ? peers6[peer & 3] : peers4[peer & 3],
                            .to = v6 ? fuzz_net.self[1 + (self & 1)] : fuzz_net.self[0],
                            .protocol = protocol,
                            .hop_limit = 64 };
}

/* Append up to `len` bytes of the input. */
static void take_bytes(struct input *in, struct packet *p, size_t len)
{
    if (len > in->len)
        len = in->len;
    if (len > MTU - IPV6_HEADER - p->len)
        len = MTU - IPV6_HEADER - p->len;
    if (len > 0)
        memcpy(p->bytes + p->len, in->data, len);
    p->len += len;
    in->data += len;
    in->len -= len;
}

static void put(struct packet *p, const void *bytes, size_t len)
{
    CHECK(p->len + len <= sizeof p->bytes);
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

static void deliver(struct input *in, const uint8_t *frame, size_t len, uint8_t wrong)
{
    if (fuzz_net.ctx == NULL)
        return;
    struct frame *said = &fuzz_net.said[fuzz_net.delivered++ % 2];
    said->len = len;
    memcpy(said->bytes, frame, len);
    struct buf *b = fuzz_net.paged ? buf_alloc(len) : exact(len);
    CHECK(b != NULL);
    memcpy(b->data, frame, len);
    if (wrong & SPLIT)
        b = split(b, take(in), wrong & 1);
    b->csum = wrong & CHECKED ? BUF_CSUM_VALID : BUF_CSUM_UNKNOWN;
    os_no_suspend
    {
        net_on_frame(fuzz_net.ctx, b);
    }
}

/* The offset of the checksum in a protocol's header, or 0 when it has none. */
static size_t checksum_field(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP                                      ? 16
           : protocol == IP_PROTOCOL_UDP                                    ? 6
           : protocol == IP_PROTOCOL_ICMP || protocol == IP_PROTOCOL_ICMPV6 ? 2
                                                                            : 0;
}

static void put_checksum(struct packet *p)
{
    size_t field = checksum_field(p->protocol);
    if (field == 0 || p->len < field + 2 || p->wrong & WRONG_CHECKSUM)
        return;
    memset(p->bytes + field, 0, 2);
    uint32_t sum = p->protocol == IP_PROTOCOL_ICMP
                       ? 0
                       : checksum_pseudo(&p->from, &p->to, p->protocol, (uint32_t)p->len);
    checksum_store(p->bytes + field, checksum_add(sum, p->bytes, p->len));
}

/*
 * Send `len` bytes of the packet from `at` in a frame of their own. It is a fragment unless it has all bytes.
 */
static void send_piece(struct input *in, const struct packet *p, size_t at, size_t len)
{
    struct frame f = { 0 };
    bool v6 = !ip_is_v4(&p->from), whole = len == p->len;
    uint8_t *ip = f.bytes + NETWORK_HEADER;
    uint32_t more = at + len < p->len;
    memcpy(f.bytes, host_mac, 6);
    if (p->wrong & WRONG_LINK)
        memset(f.bytes, 0xff, 6);
    memcpy(f.bytes + 6, peer_mac, 6);
    wire_put16(f.bytes + 12, v6 ? TYPE_IPV6 : TYPE_IPV4);
    if (v6) {
        ipv6_emit(ip, &p->from, &p->to, len + (whole ? 0 : 8), whole ? p->protocol : IPV6_FRAGMENT,
                  p->hop_limit, 0, 0);
        f.len = NETWORK_HEADER + IPV6_HEADER;
        if (!whole) {
            f.bytes[f.len] = p->protocol;
            wire_put16(f.bytes + f.len + 2, (uint32_t)at | more);
            wire_put32(f.bytes + f.len + 4, 7);
            f.len += 8;
        }
    } else {
        struct ipv4_header h = { .source = ipv4_number(&p->from),
                                 .destination = ipv4_number(&p->to),
                                 .protocol = p->protocol,
                                 .id = 7,
                                 .ttl = p->hop_limit,
                                 .length = (uint16_t)(IPV4_HEADER + len),
                                 .fragment = (uint16_t)(at / 8 | more << 13) };
        ipv4_emit(ip, &h);
        f.len = NETWORK_HEADER + IPV4_HEADER;
    }
    if (p->wrong & WRONG_HEADER)
        ip[take(in) % (f.len - NETWORK_HEADER)] ^= take(in);
    if (f.len + len > sizeof f.bytes)
        len = sizeof f.bytes - f.len;
    memcpy(f.bytes + f.len, p->bytes + at, len);
    f.len += len;
    if (p->wrong & CUT)
        f.len -= take(in) % f.len;
    deliver(in, f.bytes, f.len, p->wrong);
}

static void send_packet(struct input *in, struct packet *p)
{
    if (p->wrong & WRONG_DESTINATION) {
        static const struct ip_addr group4 = IP_V4(224, 0, 0, 1);
        uint8_t which = take(in);
        p->to = ip_is_v4(&p->from) ? which & 1 ? group4 : peers4[which >> 1 & 3]
                : which & 1 ? fuzz_net.self[2]
                                   : peers6[which >> 1 & 3];
    }
    put_checksum(p);
    if (!(p->wrong & FRAGMENTS) || p->len <= 8) {
        send_piece(in, p, 0, p->len);
        return;
    }
    uint8_t how = take(in);
    size_t at = (1 + (how & 63) * 8 % (p->len - 1)) / 8 * 8;
    if (at == 0)
        at = 8;
    if (how & 64)
        send_piece(in, p, at, p->len - at);
    send_piece(in, p, 0, at);
    if ((how & 192) == 0)
        send_piece(in, p, at, p->len - at);
}

static void send_arp(struct input *in, uint8_t wrong, unsigned operation, const struct ip_addr *from,
                     const struct ip_addr *to)
{
    uint8_t f[NETWORK_HEADER + 28] = { 0 }, *p = f + NETWORK_HEADER;
    memcpy(f, host_mac, 6);
    memcpy(f + 6, peer_mac, 6);
    wire_put16(f + 12, TYPE_ARP);
    wire_put32(p, 0x00010800);
    wire_put32(p + 4, 0x06040000 | operation);
    memcpy(p + 8, peer_mac, 6);
    memcpy(p + 14, from->bytes + 12, 4);
    memcpy(p + 18, host_mac, 6);
    memcpy(p + 24, to->bytes + 12, 4);
    if (wrong & WRONG_LINK)
        memset(f, 0xff, 6);
    if (wrong & WRONG_HEADER)
        p[take(in) % 28] ^= take(in);
    deliver(in, f, wrong & CUT ? sizeof f - take(in) % sizeof f : sizeof f, wrong);
}

/* Send a neighbour advertisement (RFC 4861, section 4.4) with the sender's link address. */
static void send_advertisement(struct input *in, const struct ip_addr *target, uint8_t flags, uint8_t wrong)
{
    struct packet p = new_packet(true, 0, 0, IP_PROTOCOL_ICMPV6);
    uint8_t head[8] = { 136, [4] = flags }, option[2] = { 2, 1 };
    p.from = *target;
    p.to = fuzz_net.self[2];
    p.hop_limit = 255;
    p.wrong = wrong;
    put(&p, head, 8);
    put(&p, target->bytes, 16);
    put(&p, option, 2);
    put(&p, peer_mac, 6);
    send_packet(in, &p);
}

/* Send the neighbours' answers to the host's questions. */
static void answer_neighbours(struct input *in)
{
    for (size_t i = 0; i < fuzz_net.asked_count && !fuzz_net.silent; i++) {
        if (ip_is_v4(&fuzz_net.asked[i]))
            send_arp(in, 0, 2, &fuzz_net.asked[i], &fuzz_net.self[0]);
        else
            send_advertisement(in, &fuzz_net.asked[i], 0xe0, 0);
    }
    fuzz_net.asked_count = 0;
}

#endif
