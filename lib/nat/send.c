/*
 * Fragments, and sending. A fragmented packet is collected before it is translated, since only its first
 * fragment has ports, and it leaves in fragments no longer than its first one was (RFC 4787, REQ-14). What is
 * collected is bounded by base/reassembly, for each side by itself, so that nobody outside drives out what
 * hosts inside send.
 */
#include "nat.h"

#include <base/fragment/fragment.h>

/* Every host takes packets of this length (RFC 791), so that few links carry less. */
enum { PIECE_MIN = 576 };

INTERNAL void nat_collect_expire(void *arg)
{
    struct nat_side *side = arg;
    struct buf *first;

    while (reassembly_expire(&side->reassembly, os_loop_now(), &first))
        buf_free(first);
    reassembly_arm(&side->reassembly, &side->timer);
}

/* Write the header of a packet that is whole now, and read it again. */
static struct buf *finish_collected(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    size_t len = buf_len(packet);

    packet = packet_own(packet, len < NAT_VIEW_BYTES ? len : NAT_VIEW_BYTES);
    if (packet == NULL)
        return NULL;
    uint8_t *p = packet->data;
    size_t header = ipv4_header_len(p, packet->len);
    v->piece = wire_get16(p + IPV4_LENGTH);
    wire_put16(p + IPV4_LENGTH, (uint32_t)len);
    wire_put16(p + IPV4_FRAGMENT, wire_get16(p + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT);
    ipv4_set_checksum(p, header);
    if (len > IPV4_LENGTH_MAX || ipv4_parse(&v->ip, p, packet->len, len) != OK) {
        nat_refuse(&nat->malformed, packet);
        return NULL;
    }
    return packet;
}

INTERNAL struct buf *nat_collect(struct nat *nat, struct nat_side *side, struct nat_view *v,
                                 struct buf *packet)
{
    struct buf *header, *payload, *whole = NULL;

    metric_add(&nat->fragments_in, 1);
    switch (reassembly_add_ipv4(&side->reassembly, &v->ip, packet, os_loop_now(), &header, &payload)) {
    case REASSEMBLY_HELD: break;
    case REASSEMBLY_REFUSED:
        metric_add(&nat->malformed, 1);
        log_debug("refused a fragment");
        break;
    case REASSEMBLY_DONE: whole = finish_collected(nat, v, buf_append(header, payload)); break;
    }
    reassembly_arm(&side->reassembly, &side->timer);
    return whole;
}

static void write_to(struct nat *nat, const struct nat_side *side, const struct ip_addr *next,
                     struct buf *packet)
{
    if (packet->csum == BUF_CSUM_VALID)
        packet->csum = BUF_CSUM_UNKNOWN;
    err e = side->out ? outside_arp_write(nat->outside_arp, next, packet)
                      : inside_arp_write(nat->inside_arp, next, packet);
    if (e != OK)
        metric_add(&nat->unsent, 1);
}

/* The device lacks an offload that the other one used: do its work here, on frames. */
static void write_finished(struct nat *nat, const struct nat_side *side, const struct ip_addr *next,
                           struct buf *packet)
{
    struct packet_finish finish;
    struct buf *frame = buf_prepend(packet, NETWORK_HEADER);

    if (frame == NULL)
        return;
    memset(frame->data, 0, NETWORK_HEADER);
    wire_put16(frame->data + NETWORK_HEADER - 2, ETHERNET_IPV4);
    packet_finish_begin(&finish, frame, side->info.offloads);
    while ((frame = packet_finish_next(&finish)) != NULL)
        if ((frame = buf_advance(frame, NETWORK_HEADER)) != NULL)
            write_to(nat, side, next, frame);
}

static void write_fragments(struct nat *nat, const struct nat_side *side, const struct ip_addr *next,
                            size_t most, struct buf *packet)
{
    struct fragments fragments;
    struct buf *fragment;

    if (fragments_begin(&fragments, packet, most) != OK)
        return;
    while (fragments_next(&fragments, &fragment) == OK) {
        metric_add(&nat->fragments_out, 1);
        write_to(nat, side, next, fragment);
    }
    fragments_end(&fragments);
}

INTERNAL void nat_send(struct nat *nat, struct nat_side *side, const struct nat_view *v, uint32_t to,
                       struct buf *packet)
{
    struct ip_addr next = ipv4_addr(nat_side_has(side, to) ? to : nat->gateway);
    size_t most = side->info.mtu;

    /* A first fragment that is shorter than any that is needed does not make the others many. */
    if (v->piece != 0 && v->piece < most)
        most = v->piece < PIECE_MIN ? PIECE_MIN : v->piece;
    if (most > side->info.mtu)
        most = side->info.mtu;
    if (packet->gso == BUF_GSO_NONE && v->ip.length > most)
        write_fragments(nat, side, &next, most, packet);
    else if (packet_fits(packet, side->info.offloads))
        write_to(nat, side, &next, packet);
    else
        write_finished(nat, side, &next, packet);
}
