/* Makes frames of each protocol from the input. */
#ifndef FUZZ_STACK_FRAMES_H
#define FUZZ_STACK_FRAMES_H

#include "peer.h"

enum { PORT_ECHO = 7, PORT_APPLICATION = 80 };

/* Take a length, which is short most of the time. */
static size_t take_len(struct input *in)
{
    size_t n = take(in);
    return n < 128 ? n : (n - 127) * 11;
}

/* The right number, or one near it. The flag URG, which has no other meaning here, chooses. */
static uint32_t number(struct input *in, uint8_t flags, uint32_t right)
{
    return flags & URG ? near(in, right) : right;
}

/* Write the options of a segment: time stamps, those of a SYN, SACK blocks, or raw bytes. */
static size_t put_options(struct input *in, uint8_t *out, uint8_t which, uint8_t flags,
                          const struct connection *c)
{
    size_t len = 0;
    if (which & 1) {
        wire_put32(out, 0x0101080a);
        wire_put32(out + 4, number(in, flags, (uint32_t)(os_now() / MILLISECONDS(1))));
        wire_put32(out + 8, number(in, flags, c->stamp));
        len += 12;
    }
    if (flags & SYN && which & 2) {
        wire_put32(out + len, 0x02040000 | (take(in) * 6u & 0xffff));
        wire_put32(out + len + 4, 0x04020101);
        wire_put32(out + len + 8, 0x03030100 | take(in) << 8 | 1);
        out[len + 10] = take(in) & 15;
        out[len + 11] = 1;
        len += 12;
    } else if (which & 2) {
        size_t count = 1 + (which >> 2 & 1);
        wire_put32(out + len, 0x01010500 | (uint32_t)(2 + 8 * count));
        len += 4;
        for (size_t i = 0; i < 2 * count; i++, len += 4)
            wire_put32(out + len, near(in, c->sent));
    }
    if (which & 8)
        for (size_t i = 0; i < 4; i++)
            out[len++] = take(in);
    return len;
}

/*
 * The peer acknowledges this number. Unless it has done so before and says nothing else, that is news for the
 * host.
 */
static void note_heard(struct connection *c, uint32_t ack, bool more)
{
    bool later = (int32_t)(ack - c->heard) > 0 && (int32_t)(ack - c->sent) <= 0;
    if (later)
        c->heard = ack;
    if (later || more)
        note_news(c);
}

/* Send a segment of a connection that the host knows, or of a new one. */
static void frame_tcp(struct input *in)
{
    uint8_t which = take(in), flags = take(in), options = take(in);
    struct connection fresh = { 0 }, *c = &fresh;
    struct packet p = new_packet(which & 8, which >> 4 & 1, 0, IP_PROTOCOL_TCP);
    uint8_t segment[60] = { 0 };
    if (!(which & 128) && (which & 7u) < fuzz_net.connection_count) {
        c = &fuzz_net.connections[which & 7];
        p.from = c->peer;
        p.to = c->host;
    } else {
        c->peer_port = (uint16_t)(1000 + (which & 7));
        c->host_port = which & 32 ? PORT_ECHO : PORT_APPLICATION;
    }
    p.wrong = which & 64 ? take(in) : 0;
    wire_put16(segment, c->peer_port);
    wire_put16(segment + 2, c->host_port);
    wire_put32(segment + 4, number(in, flags, c->acked));
    wire_put32(segment + 8, number(in, flags, c->sent));
    size_t header = 20 + put_options(in, segment + 20, options, flags, c);
    segment[12] = (uint8_t)(options & 16 ? take(in) : header / 4 << 4);
    segment[13] = flags;
    wire_put16(segment + 14, options & 32 ? take16(in) : 0xffff);
    wire_put16(segment + 18, options & 64 ? take16(in) : 0);
    put(&p, segment, header);
    size_t len = take_len(in);
    if (options & 128) {
        take_bytes(in, &p, len);
    } else {
        if (p.len + len > MTU - IPV6_HEADER)
            len = MTU - IPV6_HEADER - p.len;
        memset(p.bytes + p.len, 'x', len);
        p.len += len;
    }
    note_heard(c, wire_get32(segment + 8), flags & SYN || options & 2);
    send_packet(in, &p);
}

/*
 * Send many segments of few bytes of a connection that the host knows: in order, or behind a hole, one beside
 * the other or with holes between them, forwards or backwards.
 */
static void frame_sparse(struct input *in)
{
    uint8_t which = take(in), count = take(in), how = take(in);
    const struct connection *c = &fuzz_net.connections[which & 7];
    uint32_t step = (how & 3) + 1, len = (how >> 2 & 3) + 1, first = which & 8 ? take16(in) : which >> 4 & 1;
    if ((which & 7u) >= fuzz_net.connection_count)
        return;
    for (uint32_t i = 0; i <= count; i++) {
        struct packet p = new_packet(!ip_is_v4(&c->peer), 0, 0, IP_PROTOCOL_TCP);
        uint8_t segment[24] = { [12] = 5 << 4, [13] = ACK };
        uint32_t at = first + step * (how & 128 ? count - i : i);
        p.from = c->peer;
        p.to = c->host;
        wire_put16(segment, c->peer_port);
        wire_put16(segment + 2, c->host_port);
        wire_put32(segment + 4, c->acked + at);
        wire_put32(segment + 8, c->sent);
        wire_put16(segment + 14, 0xffff);
        put(&p, segment, 20 + len);
        send_packet(in, &p);
    }
}

static void frame_udp(struct input *in)
{
    static const uint16_t from[4] = { 5000, 53, 67, 7 }, to[4] = { PORT_ECHO, 9, 68, 5353 };
    uint8_t which = take(in), how = take(in);
    struct packet p = new_packet(which & 1, which >> 1 & 1, which >> 2 & 1, IP_PROTOCOL_UDP);
    uint8_t head[8];
    p.wrong = which & 8 ? take(in) : 0;
    wire_put16(head, from[how & 3]);
    wire_put16(head + 2, how & 16 ? take16(in) : to[how >> 2 & 3]);
    put(&p, head, 8);
    take_bytes(in, &p, take_len(in));
    wire_put16(p.bytes + 4, how & 32 ? take16(in) : (uint32_t)p.len);
    send_packet(in, &p);
}

/* Send an error that quotes a packet of the host, or another ICMP message. */
static void frame_icmp(struct input *in)
{
    uint8_t which = take(in), type = take(in), code = take(in);
    bool v6 = which & 1;
    struct packet p =
        new_packet(v6, which >> 1 & 3, which >> 3 & 1, v6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP);
    uint8_t head[8] = { type, code };
    p.wrong = which & 16 ? take(in) : 0;
    p.hop_limit = which & 32 ? 255 : 64;
    if (which & 64) {
        const struct frame *quoted = &fuzz_net.kept[code >> 6];
        wire_put32(head + 4, take16(in));
        put(&p, head, 8);
        if (quoted->len > NETWORK_HEADER)
            put(&p, quoted->bytes + NETWORK_HEADER,
                quoted->len - NETWORK_HEADER < 600 ? quoted->len - NETWORK_HEADER : 600);
        p.bytes[1] &= 15;
    } else {
        put(&p, head, 2);
        take_bytes(in, &p, take_len(in));
    }
    send_packet(in, &p);
}

/*
 * Send a router's advertisement with a usable prefix and name server (RFC 4861, 8106), and options after
 * them.
 */
static void frame_router(struct input *in)
{
    static const uint8_t prefix[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 };
    uint8_t which = take(in), wrong = take(in);
    struct packet p = new_packet(true, 0, 1, IP_PROTOCOL_ICMPV6);
    uint8_t head[16] = { 134, [4] = 64, [5] = take(in) }, option[16] = { 3, 4, 64, 0xc0 },
            server[8] = { 25, 3 };
    p.hop_limit = 255;
    p.wrong = wrong & 127;
    wire_put16(head + 6, take(in) * 8u);
    put(&p, head, 16);
    if (which & 1) {
        wire_put32(option + 4, take16(in));
        wire_put32(option + 8, take16(in));
        option[3] = which & 2 ? take(in) : 0xc0;
        put(&p, option, 16);
        put(&p, prefix, 16);
    }
    if (which & 4) {
        wire_put32(server + 4, take16(in));
        put(&p, server, 8);
        put(&p, peers6[1].bytes, 16);
    }
    if (which & 8) {
        static const uint8_t mtu[8] = { 5, 1, [6] = 5, [7] = 0 };
        put(&p, mtu, 8);
    }
    take_bytes(in, &p, which & 16 ? take_len(in) : 0);
    send_packet(in, &p);
}

/* Send a neighbour's advertisement or solicitation about some address. */
static void frame_neighbour(struct input *in)
{
    uint8_t which = take(in), flags = take(in);
    struct ip_addr target = which & 4 ? fuzz_net.self[1 + (which & 1)] : peers6[which & 3];
    if (which & 8) {
        send_advertisement(in, &target, flags, which & 16 ? take(in) : 0);
        return;
    }
    struct packet p = new_packet(true, which >> 5, which & 1, IP_PROTOCOL_ICMPV6);
    uint8_t head[8] = { which & 64 ? 137 : 135 };
    p.hop_limit = 255;
    p.wrong = which & 16 ? take(in) : 0;
    if (flags & 1)
        p.from = IP_ANY;
    put(&p, head, 8);
    put(&p, target.bytes, 16);
    if (which & 64)
        put(&p, peers6[flags >> 1 & 3].bytes, 16);
    take_bytes(in, &p, take_len(in));
    send_packet(in, &p);
}

static void frame_arp(struct input *in)
{
    uint8_t which = take(in);
    struct ip_addr from = which & 4 ? fuzz_net.self[0] : peers4[which & 3],
                   to = which & 8 ? peers4[which >> 4 & 3] : fuzz_net.self[0];
    if (which & 64)
        from = IP_V4(0, 0, 0, 0);
    send_arp(in, which & 128 ? take(in) : 0, 1 + (which >> 5 & 1), &from, &to);
}

/*
 * Send a frame of the host back to it, with source and destination swapped and some bytes changed. The
 * checksum may be corrected.
 */
static void frame_reflected(struct input *in)
{
    uint8_t which = take(in), changes = take(in) & 7;
    struct frame f = fuzz_net.kept[which & 3];
    struct packet p;
    if (f.len < NETWORK_HEADER + IPV4_HEADER)
        return;
    bool v6 = wire_get16(f.bytes + 12) == TYPE_IPV6;
    size_t at = NETWORK_HEADER + (v6 ? IPV6_HEADER : IPV4_HEADER);
    if (f.len < at + 8 || wire_get16(f.bytes + 12) == TYPE_ARP)
        return;
    p = new_packet(v6, 0, 0, f.bytes[NETWORK_HEADER + (v6 ? IPV6_NEXT : IPV4_PROTOCOL)]);
    p.from = v6 ? ipv6_addr(f.bytes + NETWORK_HEADER + IPV6_DESTINATION)
                : ipv4_addr(wire_get32(f.bytes + NETWORK_HEADER + IPV4_DESTINATION));
    p.to = v6 ? ipv6_addr(f.bytes + NETWORK_HEADER + IPV6_SOURCE)
              : ipv4_addr(wire_get32(f.bytes + NETWORK_HEADER + IPV4_SOURCE));
    p.wrong = which & 16 ? take(in) : 0;
    p.hop_limit = which & 32 ? 255 : 64;
    put(&p, f.bytes + at, f.len - at);
    if (p.protocol == IP_PROTOCOL_TCP || p.protocol == IP_PROTOCOL_UDP) {
        uint32_t ports = wire_get32(p.bytes);
        wire_put32(p.bytes, ports << 16 | ports >> 16);
    } else if (which & 4) {
        p.bytes[0] = v6 ? 129 : 0; /* an echo reply */
    }
    while (changes-- > 0)
        p.bytes[take(in) % p.len] ^= take(in);
    send_packet(in, &p);
}

/* Send a DHCP server's reply to the client's last message. */
static void frame_lease(struct input *in)
{
    static const uint8_t cookie[4] = { 99, 130, 83, 99 };
    const uint8_t *asked = fuzz_net.lease.bytes + NETWORK_HEADER + IPV4_HEADER + 8;
    uint8_t which = take(in), head[236] = { 2, 1, 6 }, udp[8] = { 0, 67, 0, 68 };
    struct packet p = new_packet(false, 0, 0, IP_PROTOCOL_UDP);
    if (fuzz_net.lease.len < NETWORK_HEADER + IPV4_HEADER + 8 + sizeof head)
        return;
    memcpy(head + 4, asked + 4, 4);    /* xid */
    memcpy(head + 28, asked + 28, 16); /* chaddr */
    memcpy(head + 16, peers4[0].bytes + 12, 4);
    head[19] = which & 64 ? take(in) : 2;                                  /* yiaddr 10.0.0.2 */
    p.to = asked[10] & 128 ? IP_V4(255, 255, 255, 255) : fuzz_net.self[0]; /* the broadcast flag */
    p.wrong = which & 128 ? take(in) : 0;
    put(&p, udp, 8);
    put(&p, head, sizeof head);
    put(&p, cookie, 4);
    if (which & 1) {
        uint8_t options[] = { 53,  1,        which & 2 ? 5 : 2,
                              54,  4,        10,
                              0,   0,        1,
                              1,   4,        255,
                              255, 255,      0,
                              3,   4,        10,
                              0,   0,        1,
                              51,  4,        0,
                              0,   take(in), take(in) };
        put(&p, options, sizeof options);
    }
    if (which & 4) {
        static const uint8_t options[] = { 6,   4,  10, 0, 0, 1,  15, 4, 't', 'e', 's',
                                           't', 26, 2,  5, 0, 58, 4,  0, 0,   0,   60 };
        put(&p, options, sizeof options);
    }
    take_bytes(in, &p, which & 8 ? take_len(in) : 0);
    if (which & 16) {
        static const uint8_t end = 255;
        put(&p, &end, 1);
    }
    wire_put16(p.bytes + 4, (uint32_t)p.len);
    send_packet(in, &p);
}

/* Send a DNS server's reply to the last query, with records from the input. */
static void frame_answer(struct input *in)
{
    const struct frame *q = &fuzz_net.query;
    uint8_t which = take(in);
    bool v6 = wire_get16(q->bytes + 12) == TYPE_IPV6;
    size_t udp = NETWORK_HEADER + (v6 ? IPV6_HEADER : IPV4_HEADER), at = udp + 8 + 12;
    if (q->len < at + 5)
        return;
    struct packet p = new_packet(v6, 0, 0, IP_PROTOCOL_UDP);
    uint32_t ports = wire_get32(q->bytes + udp);
    p.from = v6 ? ipv6_addr(q->bytes + NETWORK_HEADER + IPV6_DESTINATION)
                : ipv4_addr(wire_get32(q->bytes + NETWORK_HEADER + IPV4_DESTINATION));
    p.to = v6 ? ipv6_addr(q->bytes + NETWORK_HEADER + IPV6_SOURCE)
              : ipv4_addr(wire_get32(q->bytes + NETWORK_HEADER + IPV4_SOURCE));
    p.wrong = which & 128 ? take(in) : 0;
    while (at < q->len && q->bytes[at] != 0)
        at += 1 + q->bytes[at];
    at = at + 5 < q->len ? at + 5 : q->len; /* after the question */
    put(&p, q->bytes + udp, at - udp);
    wire_put32(p.bytes, ports << 16 | ports >> 16);
    wire_put16(p.bytes + 10, 0x8180 | (which & 1 ? 3 : 0) | (which & 2 ? 0x200 : 0));
    wire_put16(p.bytes + 14, which >> 2 & 3);
    wire_put16(p.bytes + 16, which & 16 ? 1 : 0);
    wire_put16(p.bytes + 18, 0);
    for (unsigned i = which >> 5 & 3; i > 0; i--) {
        uint8_t record[16] = { 0xc0, 12, [3] = 1, [5] = 1, [9] = take(in), [11] = 4, 192, 0, 2, 1 };
        memcpy(record + 2, q->bytes + at - 4, 2); /* the type of the query */
        record[11] = record[3] == 28 ? 16 : 4;
        put(&p, record, 16);
        if (record[11] == 16)
            put(&p, peers6[2].bytes, 12);
    }
    take_bytes(in, &p, take_len(in));
    wire_put16(p.bytes + 4, (uint32_t)p.len);
    send_packet(in, &p);
}

/* Send bytes of the input, with a valid link header or without one. */
static void frame_raw(struct input *in)
{
    static const uint16_t types[4] = { TYPE_IPV4, TYPE_IPV6, TYPE_ARP, 0x8100 };
    struct packet p = { 0 };
    uint8_t which = take(in);
    if (!(which & 4)) {
        put(&p, host_mac, 6);
        put(&p, peer_mac, 6);
        wire_put16(p.bytes + 12, types[which & 3]);
        p.len += 2;
    }
    take_bytes(in, &p, take_len(in));
    if (p.len > 0)
        deliver(in, p.bytes, p.len, which & 8 ? take(in) : 0);
}

#endif
