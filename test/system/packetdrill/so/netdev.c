/*
 * NETWORK whose wire is packetdrill: IP packets go out and come in without their Ethernet headers. Whoever
 * the stack looks for on the link, by ARP or neighbour discovery, answers from one made-up address.
 *
 * packetdrill chooses what it takes for the stack's address at random. The stack has a fixed one; what comes
 * for another is translated to that, and what is answered, back.
 */
#include <base/checksum/checksum.h>
#include <mirage/functor.h>
#include <base/packet/packet.h>
#include <base/wire/wire.h>

#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "netdev.h"

MODULE(NETWORK, packetdrill_netdev);
LOG_SOURCE(netdev);

enum {
    ANSWERS_MAX = 16,
    ND_SOLICIT = 135,
    ND_ADVERTISE = 136,
    MLD_FIRST = 130,
    ND_LAST = 137,
    MLDV2_REPORT = 143
};

static const uint8_t own_mac[6] = { 2, 0, 0, 0, 0, 1 }, peer_mac[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t own_ipv4[4] = { NETDEV_IPV4 }, own_ipv6[16] = { NETDEV_IPV6 };

struct packetdrill_netdev {
    void *ctx;
    struct buf *answers[ANSWERS_MAX]; /* answers of the link, for the next turn of the loop */
    size_t answer_count;
    struct os_timer turn;
};

static void give(struct packetdrill_netdev *net, struct buf *frame)
{
    if (net->ctx != NULL && frame != NULL)
        packetdrill_netdev_on_frame(net->ctx, frame);
    else
        buf_free(frame);
}

static void give_answers(void *arg)
{
    struct packetdrill_netdev *net = arg;
    size_t count = net->answer_count;
    net->answer_count = 0;
    for (size_t i = 0; i < count; i++)
        give(net, net->answers[i]);
}

static void answer(struct packetdrill_netdev *net, const uint8_t *frame, size_t len)
{
    struct buf *b = buf_copy(frame, len);
    if (b == NULL || net->answer_count == ANSWERS_MAX || os_timer_set(&net->turn, os_now()) != OK)
        buf_free(b);
    else
        net->answers[net->answer_count++] = b;
}

static void put_ethernet(uint8_t *frame, uint16_t type)
{
    memcpy(frame, own_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    wire_put16(frame + 12, type);
}

/* Answer ARP for every address except the stack's own. */
static void answer_arp(struct packetdrill_netdev *net, const uint8_t *arp, size_t len)
{
    uint8_t reply[NETWORK_HEADER + 28];
    if (len < 28 || wire_get16(arp + 6) != 1 || memcmp(arp + 24, own_ipv4, 4) == 0)
        return;
    put_ethernet(reply, ETHERNET_ARP);
    uint8_t *to = reply + NETWORK_HEADER;
    memcpy(to, arp, 6);
    wire_put16(to + 6, 2);
    memcpy(to + 8, peer_mac, 6);
    memcpy(to + 14, arp + 24, 4);
    memcpy(to + 18, arp + 8, 10);
    answer(net, reply, sizeof reply);
}

static void answer_solicitation(struct packetdrill_netdev *net, const uint8_t *ip)
{
    uint8_t reply[NETWORK_HEADER + 40 + 32] = { 0 };
    uint8_t *to = reply + NETWORK_HEADER, *icmp = to + 40;
    const uint8_t *target = ip + 48;
    static const uint8_t unspecified[16];
    /* A probe for a duplicate of the stack's own address gets no answer. */
    if (memcmp(ip + 8, unspecified, 16) == 0)
        return;
    put_ethernet(reply, ETHERNET_IPV6);
    wire_put32(to, 6u << 28);
    wire_put16(to + 4, 32);
    to[6] = IP_PROTOCOL_ICMPV6;
    to[7] = 255;
    memcpy(to + 8, target, 16);
    memcpy(to + 24, ip + 8, 16);
    icmp[0] = ND_ADVERTISE;
    icmp[4] = 0x60; /* solicited, override */
    memcpy(icmp + 8, target, 16);
    icmp[24] = 2;
    icmp[25] = 1;
    memcpy(icmp + 26, peer_mac, 6);
    uint32_t sum = checksum_add(0, to + 8, 32);
    uint8_t rest[8] = { 0, 0, 0, 32, 0, 0, 0, IP_PROTOCOL_ICMPV6 };
    checksum_store(icmp + 2, checksum_add(checksum_add(sum, rest, 8), icmp, 32));
    answer(net, reply, sizeof reply);
}

/* Whether the frame only concerns the link, so that packetdrill does not see it. */
static bool is_of_link(struct packetdrill_netdev *net, const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + NETWORK_HEADER;
    size_t ip_len = len - NETWORK_HEADER;
    switch (wire_get16(frame + 12)) {
    case ETHERNET_ARP: answer_arp(net, ip, ip_len); return true;
    case ETHERNET_IPV4: return ip_len < 20 || ip[9] == 2;
    case ETHERNET_IPV6:
        if (ip_len < 48 || ip[6] == 0)
            return true; /* reports of multicast listeners have an option before them */
        if (ip[6] != IP_PROTOCOL_ICMPV6 || ip[40] < MLD_FIRST || (ip[40] > ND_LAST && ip[40] != MLDV2_REPORT))
            return false;
        if (ip[40] == ND_SOLICIT && ip_len >= 64)
            answer_solicitation(net, ip);
        return true;
    default: return true;
    }
}

/* Replace an address, and update the checksum at `sum_at` for that (RFC 1624, equation 3). */
static void replace(uint8_t *address, const uint8_t *by, size_t len, uint8_t *sum_at)
{
    if (sum_at != NULL) {
        uint32_t sum = (uint16_t)~wire_get16(sum_at);
        for (size_t i = 0; i < len; i += 2)
            sum += (uint16_t)~wire_get16(address + i) + wire_get16(by + i);
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        wire_put16(sum_at, (uint16_t)~sum);
    }
    memcpy(address, by, len);
}

/* The place of the transport's checksum, which also covers the addresses. NULL when there is none. */
static uint8_t *transport_sum(uint8_t *ip, size_t len, bool v6)
{
    size_t header = v6 ? 40 : (size_t)(ip[0] & 15) * 4;
    uint8_t protocol = ip[v6 ? 6 : 9];
    size_t at = protocol == IP_PROTOCOL_TCP ? 16 : protocol == IP_PROTOCOL_UDP ? 6 : 2;
    if (protocol == IP_PROTOCOL_ICMP || (!v6 && (wire_get16(ip + 6) & 0x1fff) != 0) || len < header + at + 2)
        return NULL;
    return ip + header + at;
}

static void translate(uint8_t *ip, size_t len, bool v6, size_t at, const uint8_t *by)
{
    uint8_t *sum = transport_sum(ip, len, v6);
    if (!v6) {
        uint8_t before[4];
        memcpy(before, ip + at, 4);
        if (sum != NULL)
            replace(before, by, 4, sum);
        replace(ip + at, by, 4, ip + 10);
    } else {
        replace(ip + at, by, 16, sum);
    }
}

/* An ICMP error quotes a packet of the stack. Its source is translated, too. */
static void translate_quoted(uint8_t *ip, size_t len, bool v6)
{
    size_t header = v6 ? 40 : (size_t)(ip[0] & 15) * 4, inner = v6 ? 40 : 20;
    uint8_t type = len > header ? ip[header] : 0;
    bool is_error = v6 ? type < 128 : type == 3 || type == 4 || type == 11 || type == 12;
    if (ip[v6 ? 6 : 9] != (v6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP) || !is_error ||
        len < header + 8 + inner)
        return;
    uint8_t *quoted = ip + header + 8;
    if (v6)
        replace(quoted + 8, own_ipv6, 16, ip + header + 2);
    else {
        uint8_t before[4];
        memcpy(before, quoted + 12, 4);
        /* ICMP's checksum covers both the quoted header and that header's checksum. */
        uint8_t sum[2] = { quoted[10], quoted[11] }, fixed[2] = { sum[0], sum[1] };
        replace(before, own_ipv4, 4, fixed);
        replace(quoted + 12, own_ipv4, 4, ip + header + 2);
        replace(quoted + 10, fixed, 2, ip + header + 2);
    }
}

static void receive(void *ctx, const uint8_t *packet, size_t len)
{
    struct packetdrill_netdev *net = ctx;
    bool v6 = len > 0 && packet[0] >> 4 == 6;
    struct buf *frame;
    if (len < (v6 ? 40 : 20) || (frame = buf_alloc(NETWORK_HEADER + len)) == NULL)
        return;
    put_ethernet(frame->data, v6 ? ETHERNET_IPV6 : ETHERNET_IPV4);
    uint8_t *ip = frame->data + NETWORK_HEADER, *to = ip + (v6 ? 24 : 16);
    memcpy(ip, packet, len);
    if (memcmp(to, v6 ? own_ipv6 : own_ipv4, v6 ? 16 : 4) != 0) {
        host_set_alias(v6, to);
        translate_quoted(ip, len, v6);
        translate(ip, len, v6, v6 ? 24 : 16, v6 ? own_ipv6 : own_ipv4);
    }
    give(net, frame);
}

IO err packetdrill_netdev_connect(struct packetdrill_netdev **out)
{
    struct packetdrill_netdev *net = calloc(1, sizeof *net);
    if (net == NULL)
        return ERR_NO_MEMORY;
    net->turn = (struct os_timer)OS_TIMER_INIT(give_answers, net);
    host_on_packet(receive, net);
    *out = net;
    return OK;
}

IO void packetdrill_netdev_disconnect(struct packetdrill_netdev *net)
{
    os_timer_stop(&net->turn);
    for (size_t i = 0; i < net->answer_count; i++)
        buf_free(net->answers[i]);
    host_on_packet(NULL, NULL);
    free(net);
}

void packetdrill_netdev_info(struct packetdrill_netdev *net, struct network_info *out)
{
    (void)net;
    *out = (struct network_info){ .mtu = host_mtu(),
                                  .offloads = NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_TSO6 };
    memcpy(out->mac, own_mac, 6);
}

static err write_one(struct packetdrill_netdev *net, struct buf *frame)
{
    size_t len = buf_len(frame);
    uint8_t *bytes = malloc(len);
    err e = bytes == NULL ? ERR_NO_MEMORY : buf_read_copy(frame, 0, bytes, len);
    buf_free(frame);
    if (e == OK && len > NETWORK_HEADER && !is_of_link(net, bytes, len)) {
        uint8_t *ip = bytes + NETWORK_HEADER;
        bool v6 = ip[0] >> 4 == 6;
        if (host_alias(v6) != NULL)
            translate(ip, len - NETWORK_HEADER, v6, v6 ? 8 : 12, host_alias(v6));
        host_packet_out(ip, len - NETWORK_HEADER);
    }
    free(bytes);
    return e;
}

/*
 * Segments leave one by one, as from a card with TSO. packetdrill joins those that its script expects as one,
 * and only the last of a large one has a PSH, as in Linux.
 */
err packetdrill_netdev_write(struct packetdrill_netdev *net, struct buf *frame)
{
    struct packet_finish finish;
    struct buf *segment;
    err e = OK;
    if (frame == NULL)
        return ERR_NO_MEMORY;
    packet_finish_begin(&finish, frame, 0);
    while ((segment = packet_finish_next(&finish)) != NULL) {
        err failed = write_one(net, segment);
        if (e == OK)
            e = failed;
    }
    return e;
}

void packetdrill_netdev_listen(struct packetdrill_netdev *net, void *ctx)
{
    net->ctx = ctx;
}
