/*
 * The wire is a NETWORK. It checks what the host sends, notes which neighbours the host looks for, and
 * remembers what helps to make frames that the host accepts: the last frames, and the state of each TCP
 * connection.
 */
#ifndef FUZZ_STACK_WIRE_H
#define FUZZ_STACK_WIRE_H

#include "../ip/host.h"

#include <base/checksum/checksum.h>
#include <base/packet/packet.h>
#include <base/wire/wire.h>

#include <base/wire/ipv4.h>
#include <base/wire/ipv6.h>

NETWORK(net);

enum { MTU = 1500, FRAME_MAX = NETWORK_HEADER + MTU, KEPT = 4, CONNECTIONS = 8, ASKED_MAX = 4 };
enum { TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806, TYPE_IPV6 = 0x86dd };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16, URG = 32 };

struct frame {
    size_t len;
    uint8_t bytes[FRAME_MAX];
};

/* A TCP connection, as seen from its other end. */
struct connection {
    struct ip_addr host, peer;
    uint16_t host_port, peer_port;
    uint32_t sent;  /* the number after the last byte that the host sent */
    uint32_t acked; /* the next number that the host expects */
    uint32_t stamp; /* its last time stamp */
    uint32_t heard; /* the highest number that its peer has acknowledged, if the host believed it */
    unsigned
        again; /* how often the byte with that number was sent again since the peer last told something new */
    os_time since; /* when that was, or a retransmission timeout ago */
};

struct net {
    void *ctx;
    uint32_t offloads;
    bool silent; /* whether ARP and neighbour solicitations remain unanswered */
    bool paged;  /* whether frames come in pages, as from devices, and not in pieces of their size */
    size_t written, segments;
    size_t empty;         /* segments without payload */
    size_t delivered;     /* frames that the host was given */
    struct frame said[2]; /* the last two of them */
    struct frame kept[KEPT];
    size_t kept_count;
    struct frame query, lease; /* the host's last messages to a DNS server and to a DHCP server */
    struct connection connections[CONNECTIONS];
    size_t connection_count;
    struct ip_addr asked[ASKED_MAX]; /* neighbours that the host looks for */
    size_t asked_count;
    /* the host's IPv4 address, its IPv6 address, and the IPv6 address that it used last */
    struct ip_addr self[3];
};

static struct net fuzz_net;
static const uint8_t host_mac[6] = { 2, 0, 0, 0, 0, 2 }, peer_mac[6] = { 2, 0, 0, 0, 0, 1 };

void net_info(struct net *net, struct network_info *out)
{
    *out = (struct network_info){ .mtu = MTU, .offloads = net->offloads };
    memcpy(out->mac, host_mac, sizeof out->mac);
}

void net_listen(struct net *net, void *ctx)
{
    net->ctx = ctx;
}

void net_disconnect(struct net *net)
{
    (void)net;
}

static void note_asked(struct net *net, const struct ip_addr *target)
{
    if (net->asked_count < ASKED_MAX)
        net->asked[net->asked_count++] = *target;
}

static struct connection *connection_of(struct net *net, const struct ip_addr *host,
                                        const struct ip_addr *peer, const uint8_t *ports)
{
    for (size_t i = 0; i < CONNECTIONS && i < net->connection_count; i++) {
        struct connection *c = &net->connections[i];
        if (c->host_port == wire_get16(ports) && c->peer_port == wire_get16(ports + 2) &&
            ip_equal(&c->host, host) && ip_equal(&c->peer, peer))
            return c;
    }
    struct connection *c = &net->connections[net->connection_count++ % CONNECTIONS];
    *c = (struct connection){
        .host = *host, .peer = *peer, .host_port = wire_get16(ports), .peer_port = wire_get16(ports + 2)
    };
    return c;
}

static uint32_t stamp_of(const uint8_t *segment, size_t header)
{
    for (size_t i = 20; i + 10 <= header && segment[i] != 0;
         i += segment[i] == 1 || segment[i + 1] < 2 ? 1 : segment[i + 1])
        if (segment[i] == 8 && segment[i + 1] == 10)
            return wire_get32(segment + i + 2);
    return 0;
}

/* The least time between two retransmission timeouts, and how often what is lost may go again without one. */
static const os_time TIMEOUT_LEAST = MILLISECONDS(200);
enum { AGAIN_MAX = 5 };

/* From now on the peer may have told the host something new: it may send again. */
static void note_news(struct connection *c)
{
    c->again = 0;
    c->since = os_now();
}

static void note_news_of_all(struct net *net)
{
    for (size_t i = 0; i < CONNECTIONS && i < net->connection_count; i++)
        note_news(&net->connections[i]);
}

/*
 * As long as no time passes and the peer acknowledges nothing new, the same bytes go again a few times at
 * most, whatever else it says: or two hosts would keep each other busy as fast as the wire lets them.
 */
static void check_again(struct connection *c, uint32_t seq, uint32_t end)
{
    if (os_now() - c->since >= TIMEOUT_LEAST)
        note_news(c);
    if ((int32_t)(end - c->sent) > 0 || (int32_t)(c->heard - seq) < 0 || (int32_t)(end - c->heard) <= 0)
        return;
    CHECK(++c->again <= AGAIN_MAX);
}

static void note_segment(struct net *net, const struct ip_addr *host, const struct ip_addr *peer,
                         const uint8_t *segment, size_t len)
{
    CHECK(len >= 20);
    size_t header = (size_t)(segment[12] >> 4) * 4;
    CHECK(header >= 20 && header <= len);
    net->segments++;
    net->empty += len == header;
    if (segment[13] & RST)
        return;
    struct connection *c = connection_of(net, host, peer, segment);
    uint32_t seq = wire_get32(segment + 4);
    uint32_t end = seq + (uint32_t)(len - header) + !!(segment[13] & SYN) + !!(segment[13] & FIN);
    if (segment[13] & SYN)
        c->heard = seq + 1; /* a SYN is answered whenever it comes */
    else if (end != seq)
        check_again(c, seq, end);
    if (segment[13] & SYN || (int32_t)(end - c->sent) > 0)
        c->sent = end;
    if (segment[13] & ACK)
        c->acked = wire_get32(segment + 8);
    c->stamp = stamp_of(segment, header);
}

static void note_datagram(struct net *net, const struct frame *frame, const uint8_t *datagram)
{
    if (wire_get16(datagram + 2) == 53)
        net->query = *frame;
    else if (wire_get16(datagram + 2) == 67)
        net->lease = *frame;
}

/* Check the transport checksum of a packet that is not a fragment. */
static void check_transport(struct net *net, const struct frame *frame, const struct ip_addr *source,
                            const struct ip_addr *destination, uint8_t protocol, const uint8_t *p)
{
    size_t len = frame->len - (size_t)(p - frame->bytes);
    bool known = protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP || protocol == IP_PROTOCOL_ICMPV6;
    CHECK(known || protocol == IP_PROTOCOL_ICMP);
    CHECK(checksum_is_valid(
        checksum_add(known ? checksum_pseudo(source, destination, protocol, (uint32_t)len) : 0, p, len)));
    if (protocol == IP_PROTOCOL_TCP) {
        note_segment(net, source, destination, p, len);
    } else if (protocol == IP_PROTOCOL_UDP) {
        CHECK(len >= 8 && wire_get16(p + 4) == len);
        note_datagram(net, frame, p);
    } else if (protocol == IP_PROTOCOL_ICMPV6 && p[0] == 135 && !ip_is_any(source)) {
        struct ip_addr target = ipv6_addr(p + 8);
        note_asked(net, &target);
    }
}

static void check_ipv4(struct net *net, const struct frame *frame)
{
    struct ipv4_header h;
    const uint8_t *p = frame->bytes + NETWORK_HEADER;
    size_t len = frame->len - NETWORK_HEADER;
    CHECK(ipv4_parse(&h, p, len, len) == OK && h.length == len);
    struct ip_addr source = ipv4_addr(h.source), destination = ipv4_addr(h.destination);
    if ((h.fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) == 0)
        check_transport(net, frame, &source, &destination, h.protocol, p + h.header_len);
}

static void check_ipv6(struct net *net, const struct frame *frame)
{
    const uint8_t *p = frame->bytes + NETWORK_HEADER;
    size_t len = frame->len - NETWORK_HEADER;
    struct ipv6_walk walk;
    CHECK(len >= IPV6_HEADER && p[0] >> 4 == 6 && wire_get16(p + IPV6_LENGTH) == len - IPV6_HEADER);
    struct ip_addr source = ipv6_addr(p + IPV6_SOURCE), destination = ipv6_addr(p + IPV6_DESTINATION);
    if (!ip_is_any(&source))
        net->self[2] = source;
    ipv6_walk_begin(&walk, p, len);
    while (ipv6_walk_next(&walk) == IPV6_WALK_HEADER)
        if (walk.kind == IPV6_FRAGMENT)
            return;
    CHECK(walk.result == IPV6_WALK_UPPER);
    check_transport(net, frame, &source, &destination, walk.kind, p + walk.at);
}

static void check_arp(struct net *net, const struct frame *frame)
{
    const uint8_t *p = frame->bytes + NETWORK_HEADER;
    CHECK(frame->len >= NETWORK_HEADER + 28 && wire_get16(p) == 1 && wire_get16(p + 2) == TYPE_IPV4);
    struct ip_addr target = ipv4_addr(wire_get32(p + 24));
    /* The host's probe for an address (RFC 5227) gets no answer, unless the input says so. */
    if (wire_get16(p + 6) == 1 && wire_get32(p + 14) != 0 && wire_get32(p + 14) != wire_get32(p + 24))
        note_asked(net, &target);
}

static void check_frame(struct net *net, const struct buf *b)
{
    struct frame *frame = &net->kept[net->kept_count++ % KEPT];
    frame->len = buf_len(b);
    CHECK(frame->len > NETWORK_HEADER && frame->len <= FRAME_MAX);
    IGNORE(buf_read_copy(b, 0, frame->bytes, frame->len));
    CHECK(memcmp(frame->bytes + 6, host_mac, sizeof host_mac) == 0);
    switch (wire_get16(frame->bytes + 12)) {
    case TYPE_ARP: check_arp(net, frame); break;
    case TYPE_IPV4: check_ipv4(net, frame); break;
    case TYPE_IPV6: check_ipv6(net, frame); break;
    default: CHECK(!"a type that the host speaks");
    }
}

err net_write(struct net *net, struct buf *frame)
{
    struct packet_finish finish;
    size_t count = 0;
    CHECK(frame != NULL && packet_fits(frame, net->offloads) && !packet_exceeds(frame, MTU));
    packet_finish_begin(&finish, frame, 0);
    for (; (frame = packet_finish_next(&finish)) != NULL; count++) {
        check_frame(net, frame);
        buf_free(frame);
    }
    CHECK(count > 0);
    net->written += count;
    return OK;
}

#endif
