/* What passes between the two networks, and as what (RFC 1812, section 5.3; RFC 2827; RFC 4787). */
#include "nat.h"

/*
 * Whether a router may forward packets to and from such an address (RFC 1812, section 5.3.7; RFC 3927,
 * section 7).
 */
static bool is_forwarded(uint32_t address)
{
    return address >> 24 != 0 && !ipv4_is_loopback(address) && address >> 28 < 0xe && address >> 16 != 0xa9fe;
}

/* Whether the address stands for the whole network of this side, as a broadcast or as its old form. */
static bool is_all_of(const struct nat_side *side, uint32_t address)
{
    uint32_t host = address & ~side->mask;
    return nat_side_has(side, address) && ~side->mask > 1 && (host == 0 || host == ~side->mask);
}

static bool is_own(const struct nat *nat, uint32_t address)
{
    return address == nat->in.address || address == nat->out.address;
}

static bool is_welcome_inside(const struct nat *nat, const struct ipv4_header *h)
{
    const struct nat_side *in = &nat->in;
    bool from_host = is_forwarded(h->source) && nat_side_has(in, h->source) && !is_all_of(in, h->source) &&
                     !is_own(nat, h->source);
    /* Neighbours reach each other without a router. */
    return from_host && (is_own(nat, h->destination) ||
                         (is_forwarded(h->destination) && !nat_side_has(in, h->destination) &&
                          !is_all_of(&nat->out, h->destination)));
}

static bool is_welcome_outside(const struct nat *nat, const struct ipv4_header *h)
{
    return h->destination == nat->out.address && is_forwarded(h->source) && !is_own(nat, h->source) &&
           !nat_side_has(&nat->in, h->source) && !is_all_of(&nat->out, h->source);
}

static bool has_good_options(struct nat *nat, const struct buf *packet, const struct ipv4_header *h,
                             struct metric **why)
{
    uint32_t at;
    enum ipv4_options options = ipv4_check_options(packet->data, h->header_len, &at);

    *why = options == IPV4_OPTIONS_SOURCE_ROUTE ? &nat->source_routed : &nat->malformed;
    return options == IPV4_OPTIONS_FINE;
}

/*
 * A whole packet as it came, or as its fragments came. Its first bytes lie in its first view and are nobody
 * else's. NULL: it was refused, or others of its fragments are missing.
 */
static struct buf *admit(struct nat *nat, struct nat_side *side, struct buf *packet, bool group,
                         struct nat_view *v)
{
    size_t total = buf_len(packet);
    struct metric *why = &nat->malformed;

    nat_expire(nat);
    packet = packet_own(packet, total < NAT_VIEW_BYTES ? total : NAT_VIEW_BYTES);
    if (packet == NULL)
        return NULL;
    v->piece = 0;
    if (ipv4_parse(&v->ip, packet->data, packet->len, total) != OK)
        goto refuse;
    /* Ethernet pads short frames. */
    if (total > v->ip.length)
        buf_truncate(packet, v->ip.length);
    if (group || !(side->out ? is_welcome_outside(nat, &v->ip) : is_welcome_inside(nat, &v->ip))) {
        why = &nat->martian;
        goto refuse;
    }
    if (v->ip.header_len > IPV4_HEADER && !has_good_options(nat, packet, &v->ip, &why))
        goto refuse;
    if ((v->ip.fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) != 0 &&
        (packet = nat_collect(nat, side, v, packet)) == NULL)
        return NULL;
    if (nat_view_read(v, packet->data, packet->len) == OK)
        return packet;
refuse:
    nat_refuse(why, packet);
    return NULL;
}

static struct nat_flow *flow_to(struct nat *nat, const struct nat_view *v)
{
    struct nat_mapping *m = nat_mapping_inside(nat, v->protocol, v->ip.source, v->source_port);
    struct nat_flow *flow = m != NULL ? nat_flow_find(nat, m, v->ip.destination, v->destination_port) : NULL;

    if (flow != NULL)
        return flow;
    return nat_flow_make(nat, v->protocol, v->ip.source, v->source_port, v->ip.destination,
                         v->destination_port);
}

/*
 * From inside: the source becomes the address outside. ERR_NO_SPACE: there is no room for a flow.
 * ERR_UNREACHABLE: it answers nobody. After an error nothing was changed.
 */
static err translate_out(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    struct nat_mapping *m;

    if (v->icmp == NAT_ICMP_ERROR)
        return nat_error_out(nat, v, packet) ? OK : ERR_UNREACHABLE;
    if (v->icmp == NAT_ICMP_REPLY || v->icmp == NAT_ICMP_UNKNOWN)
        return ERR_UNREACHABLE;
    if ((v->flags & TCP_RST) != 0 && v->protocol == NAT_TCP) {
        /* A reset makes no flow, for it may answer a stranger. */
        m = nat_mapping_inside(nat, v->protocol, v->ip.source, v->source_port);
        if (m == NULL)
            return ERR_UNREACHABLE;
        struct nat_flow *flow = nat_flow_find(nat, m, v->ip.destination, v->destination_port);
        if (flow != NULL)
            nat_tcp_from_inside(nat, flow, v);
    } else {
        struct nat_flow *flow = flow_to(nat, v);
        if (flow == NULL)
            return ERR_NO_SPACE;
        m = flow->mapping;
        if (v->protocol == NAT_TCP)
            nat_tcp_from_inside(nat, flow, v);
        else
            nat_flow_keep(nat, flow, flow->life);
    }
    nat_view_set(v, packet->data, packet->len, true, nat->out.address, m->outside,
                 packet->csum == BUF_CSUM_PARTIAL);
    return OK;
}

/*
 * To the address outside: the destination becomes the host inside. False: it is for none. A TCP segment of no
 * flow passes only when it may open a connection; a flow is made when the host inside answers it.
 */
static bool translate_in(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    struct nat_mapping *m;

    if (v->icmp == NAT_ICMP_ERROR)
        return nat_error_in(nat, v, packet);
    if (v->icmp != NAT_ICMP_NOT && v->icmp != NAT_ICMP_REPLY)
        return false;
    m = nat_mapping_outside(nat, v->protocol, v->destination_port);
    if (m == NULL)
        return false;
    if (v->protocol == NAT_TCP) {
        struct nat_flow *flow = nat_flow_find(nat, m, v->ip.source, v->source_port);
        if (flow != NULL)
            nat_tcp_from_outside(nat, flow, v);
        else if ((v->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
            return false;
    }
    nat_view_set(v, packet->data, packet->len, false, m->host->address, m->port,
                 packet->csum == BUF_CSUM_PARTIAL);
    return true;
}

static bool is_too_long(const struct nat_side *next, const struct nat_view *v, const struct buf *packet)
{
    if ((v->ip.fragment & IPV4_DONT_FRAGMENT) == 0)
        return false;
    /* What a segment is cut into must fit; its length counts without an Ethernet header here. */
    if (packet->gso != BUF_GSO_NONE)
        return packet_exceeds(packet, (size_t)next->info.mtu - NETWORK_HEADER);
    return (v->piece != 0 ? v->piece : v->ip.length) > next->info.mtu;
}

/* Whether a packet for the address outside, from inside, has a receiver (RFC 4787, REQ-9). */
static bool has_receiver(struct nat *nat, const struct nat_view *v)
{
    if (v->icmp != NAT_ICMP_NOT)
        return v->icmp == NAT_ICMP_ERROR;
    return nat_mapping_outside(nat, v->protocol, v->destination_port) != NULL;
}

static void forward_out(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    bool hairpin = v->ip.destination == nat->out.address;
    struct nat_side *next = hairpin ? &nat->in : &nat->out;

    if (v->protocol == NAT_OTHER) {
        nat_tell(nat, &nat->in, v, packet, ICMP_UNREACHABLE_ADMIN, 0);
        return;
    }
    if (hairpin && !has_receiver(nat, v)) {
        nat_refuse(&nat->unmapped, packet);
        return;
    }
    switch (translate_out(nat, v, packet)) {
    case OK: break;
    case ERR_NO_SPACE:
        /* RFC 5508, REQ-8. */
        metric_add(&nat->full, 1);
        nat_tell(nat, &nat->in, v, packet, ICMP_UNREACHABLE_ADMIN, 0);
        return;
    default: nat_refuse(&nat->unmapped, packet); return;
    }
    /* Hosts inside count identifications on their own, but now share an address (RFC 6864, section 5.3.1). */
    if ((v->ip.fragment & IPV4_DONT_FRAGMENT) == 0)
        nat_view_set_id(v, packet->data, ipv4_next_id(&nat->ids, v->ip.destination, v->ip.protocol));
    if (hairpin && !translate_in(nat, v, packet)) {
        nat_refuse(&nat->unmapped, packet);
        return;
    }
    nat_view_age(packet->data);
    metric_add(&nat->forwarded, 1);
    nat_send(nat, next, v, v->ip.destination, packet);
}

static void forward_in(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    if (v->protocol == NAT_OTHER || !translate_in(nat, v, packet)) {
        nat_refuse(&nat->unmapped, packet);
        return;
    }
    nat_view_age(packet->data);
    metric_add(&nat->forwarded, 1);
    nat_send(nat, &nat->in, v, v->ip.destination, packet);
}

void inside_on_ipv4(void *ctx, struct buf *packet, bool group)
{
    struct nat *nat = ctx;
    struct nat_view v;

    packet = admit(nat, &nat->in, packet, group, &v);
    if (packet == NULL)
        return;
    bool hairpin = v.ip.destination == nat->out.address;
    const struct nat_side *next = hairpin ? &nat->in : &nat->out;
    if (v.ip.destination == nat->in.address || (hairpin && v.icmp == NAT_ICMP_ECHO))
        nat_answer(nat, &nat->in, &v, packet);
    else if (v.ip.ttl <= 1)
        nat_tell(nat, &nat->in, &v, packet, ICMP_TIME_EXCEEDED, 0);
    else if (is_too_long(next, &v, packet))
        nat_tell(nat, &nat->in, &v, packet, ICMP_TOO_BIG, next->info.mtu);
    else
        forward_out(nat, &v, packet);
}

/*
 * Whether the host inside for whom a packet is may be asked for more than the packet (so that nobody probes
 * by errors).
 */
static bool is_expected(struct nat *nat, const struct nat_view *v)
{
    if (v->protocol == NAT_OTHER || v->icmp == NAT_ICMP_ERROR || v->icmp == NAT_ICMP_UNKNOWN)
        return false;
    return nat_mapping_outside(nat, v->protocol, v->destination_port) != NULL;
}

void outside_on_ipv4(void *ctx, struct buf *packet, bool group)
{
    struct nat *nat = ctx;
    struct nat_view v;

    packet = admit(nat, &nat->out, packet, group, &v);
    if (packet == NULL)
        return;
    bool expires = v.ip.ttl <= 1;
    if (v.icmp == NAT_ICMP_ECHO)
        nat_answer(nat, &nat->out, &v, packet);
    else if (!expires && !is_too_long(&nat->in, &v, packet))
        forward_in(nat, &v, packet);
    else if (!is_expected(nat, &v))
        nat_refuse(&nat->unmapped, packet);
    else if (expires)
        nat_tell(nat, &nat->out, &v, packet, ICMP_TIME_EXCEEDED, 0);
    else
        nat_tell(nat, &nat->out, &v, packet, ICMP_TOO_BIG, nat->in.info.mtu);
}
