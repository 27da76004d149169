/*
 * Fragments, and sending. A fragmented packet is collected before it is translated, since only its first
 * fragment has ports, and it leaves in fragments no longer than its first one was (RFC 4787, REQ-14). What is
 * collected is bounded by base/reassembly, for each side by itself, so that nobody outside drives out what
 * hosts inside send.
 */
#include "nat.h"

/* Options with this bit are in each fragment (RFC 791, section 3.1). */
enum { OPTION_COPIED = 0x80 };

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
    const struct ipv4_header *h = &v->ip;
    struct reassembly_key key = { .source = ipv4_addr(h->source),
                                  .destination = ipv4_addr(h->destination),
                                  .id = h->id,
                                  .protocol = h->protocol };
    struct buf *header = buf_slice(packet, 0, h->header_len);
    struct buf *payload = buf_advance(packet, h->header_len), *whole = NULL;
    uint32_t offset = (uint32_t)(h->fragment & IPV4_OFFSET_MASK) * 8;
    bool more = (h->fragment & IPV4_MORE_FRAGMENTS) != 0;

    metric_add(&nat->fragments_in, 1);
    switch (reassembly_add(&side->reassembly, &key, offset, more, header, payload, os_loop_now(), &header,
                           &payload)) {
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

/* Write to `out` the header that fragments behind the first have; returns its length. */
static size_t make_later_header(uint8_t *out, const uint8_t *p, size_t header_len)
{
    size_t len = IPV4_HEADER;

    memcpy(out, p, IPV4_HEADER);
    for (size_t at = IPV4_HEADER, n; at < header_len && p[at] != IPV4_OPTION_END; at += n) {
        n = p[at] == IPV4_OPTION_NOP ? 1 : p[at + 1]; /* the lengths were checked */
        if ((p[at] & OPTION_COPIED) != 0) {
            memcpy(out + len, p + at, n);
            len += n;
        }
    }
    while (len % 4 != 0)
        out[len++] = IPV4_OPTION_END;
    out[IPV4_VERSION] = (uint8_t)(0x40 | len / 4);
    return len;
}

static struct buf *make_fragment(const struct buf *packet, size_t at, size_t len, const uint8_t *header,
                                 size_t header_len, uint16_t fragment)
{
    struct buf *b = buf_copy(header, header_len);

    if (b == NULL)
        return NULL;
    b->next = buf_slice(packet, at, len);
    if (b->next == NULL) {
        buf_free(b);
        return NULL;
    }
    wire_put16(b->data + IPV4_LENGTH, (uint32_t)(header_len + len));
    wire_put16(b->data + IPV4_FRAGMENT, fragment);
    ipv4_set_checksum(b->data, header_len);
    return b;
}

static void write_fragments(struct nat *nat, const struct nat_side *side, const struct ip_addr *next,
                            size_t most, const struct nat_view *v, struct buf *packet)
{
    uint8_t headers[2][IPV4_HEADER_MAX];
    size_t header_len = v->ip.header_len, len = v->ip.length;

    packet = packet_complete(packet);
    if (packet == NULL)
        return;
    memcpy(headers[0], packet->data, header_len);
    size_t lens[2] = { header_len, make_later_header(headers[1], packet->data, header_len) };
    for (size_t at = header_len; at < len;) {
        bool later = at > header_len;
        size_t piece = (most - lens[later]) & ~(size_t)7;
        if (piece > len - at)
            piece = len - at;
        uint16_t fragment = (uint16_t)((v->ip.fragment & IPV4_DONT_FRAGMENT) | (at - header_len) / 8 |
                                       (at + piece < len ? IPV4_MORE_FRAGMENTS : 0));
        struct buf *b = make_fragment(packet, at, piece, headers[later], lens[later], fragment);
        if (b == NULL)
            break;
        metric_add(&nat->fragments_out, 1);
        write_to(nat, side, next, b);
        at += piece;
    }
    buf_free(packet);
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
        write_fragments(nat, side, &next, most, v, packet);
    else if (packet_fits(packet, side->info.offloads))
        write_to(nat, side, &next, packet);
    else
        write_finished(nat, side, &next, packet);
}
