/* Receiving: walk the extension headers and hand the payload to its protocol (RFC 8200, section 4). */
#include "ipv6.h"

static void drop(struct metric *counter, struct buf *packet)
{
    metric_add(counter, 1);
    log_debug("dropped a packet: %s", counter->help);
    buf_free(packet);
}

/*
 * Source and destination addresses that are not valid. An IPv4-mapped address would be taken for IPv4 (RFC
 * 4942, section 2.2). A packet from one of our own addresses is valid only for neighbour discovery: another
 * host may have the address too.
 */
static bool is_martian(struct ipv6 *ip, const struct ip_head *h)
{
    bool discovery = h->protocol == IP_PROTOCOL_ICMPV6 && h->hop_limit == NDP_HOP_LIMIT;
    const struct ipv6_address *own = discovery ? NULL : address_find(ip, &h->source);

    return ipv6_is_multicast(&h->source) || ipv6_is_loopback(&h->source) ||
           ipv6_is_loopback(&h->destination) || ip_is_v4(&h->source) || ip_is_v4(&h->destination) ||
           ip_is_any(&h->destination) || (own != NULL && address_is_usable(own));
}

static void tell_problem(struct ipv6 *ip, const struct ip_head *head, struct buf *packet,
                         enum ip_problem_kind kind, uint32_t pointer)
{
    struct ip_problem problem = { kind, pointer, *head };

    if (ip->icmp == NULL)
        buf_free(packet);
    else
        ipv6_on_problem(ip->icmp, packet, &problem);
}

/* Messages of neighbour discovery and MLD are handled here, and raise no event. */
static bool is_inside(uint8_t type)
{
    return (type >= MLD_QUERY && type <= NDP_REDIRECT) || type == MLD_REPORT;
}

static void receive_icmp(struct ipv6 *ip, const struct ip_head *head, bool fragmented, struct buf *message)
{
    size_t len = buf_len(message);

    if (message->len == 0 && (message = buf_pull_up(message, 1)) == NULL)
        return;
    if (!is_inside(message->data[0])) {
        if (ip->icmp != NULL && !ip_is_any(&head->source))
            ipv6_on_icmp(ip->icmp, message, head);
        else
            buf_free(message);
        return;
    }
    uint32_t sum = checksum_pseudo(&head->source, &head->destination, IP_PROTOCOL_ICMPV6, (uint32_t)len);
    /*
     * RFC 6980, section 5: messages of neighbour discovery with a fragment header are dropped, since they
     * could evade the filters of switches. That holds for one that is whole by itself too.
     */
    if (fragmented || len < 8 || !checksum_is_valid(checksum_add_buf(sum, message, 0, len)))
        drop(&ip->ndp_refused, message);
    else
        discovery_receive(ip, message, head);
}

/* Give the payload behind `at` bytes of headers to its protocol. `header` are these, which it may quote. */
static void hand_up(struct ipv6 *ip, struct ip_head *head, bool fragmented, struct buf *packet,
                    const uint8_t *header, size_t at)
{
    head->header = header;
    head->header_len = (uint16_t)at;
    packet = buf_advance(packet, at);
    if (packet == NULL)
        return;
    metric_add(&ip->in, 1);
    if (head->protocol == IP_PROTOCOL_ICMPV6)
        receive_icmp(ip, head, fragmented, packet);
    else if (ip_is_any(&head->source))
        drop(&ip->martian, packet);
    else if (head->protocol == IP_PROTOCOL_TCP)
        ipv6_on_tcp(ip->tcp, packet, head);
    else
        ipv6_on_udp(ip->udp, packet, head);
}

/* A message of several views may be moved, and then the headers before it are gone: keep a copy. */
static __attribute__((noinline)) void hand_up_copied(struct ipv6 *ip, struct ip_head *head, bool fragmented,
                                                     struct buf *packet, size_t at)
{
    uint8_t header[IPV6_HEADER + IPV6_EXTENSION_BYTES_MAX];

    if (buf_read_copy(packet, 0, header, at) == OK)
        hand_up(ip, head, fragmented, packet, header, at);
    else
        buf_free(packet);
}

static void deliver(struct ipv6 *ip, struct ip_head *head, bool fragmented, struct buf *packet, size_t at,
                    uint32_t named_at)
{
    bool taken = head->protocol == IP_PROTOCOL_TCP   ? ip->tcp != NULL
                 : head->protocol == IP_PROTOCOL_UDP ? ip->udp != NULL
                                                     : head->protocol == IP_PROTOCOL_ICMPV6;

    if (head->protocol == IPV6_NO_NEXT) {
        buf_free(packet);
    } else if (!taken) {
        metric_add(&ip->unknown, 1);
        tell_problem(ip, head, packet, IP_PROBLEM_PROTOCOL, named_at);
    } else if (packet->next == NULL) {
        hand_up(ip, head, fragmented, packet, packet->data, at);
    } else {
        hand_up_copied(ip, head, fragmented, packet, at);
    }
}

static void walk_headers(struct ipv6 *ip, struct ip_head *head, struct buf *packet, bool reassembled);

/* How many bytes of the upper layer's header must lie in the first fragment (RFC 7112, section 3). */
static size_t least_upper(uint8_t protocol)
{
    switch (protocol) {
    case IP_PROTOCOL_TCP: return 20;
    case IP_PROTOCOL_UDP: return 8;
    case IP_PROTOCOL_ICMPV6: return 4;
    case IPV6_NO_NEXT: return 0;
    default: return 1;
    }
}

/* Whether the first fragment contains all headers. */
static bool has_all_headers(const struct ipv6_walk *walk, const struct buf *packet)
{
    struct ipv6_walk first = *walk;

    while (ipv6_walk_next(&first) == IPV6_WALK_HEADER)
        ;
    return first.result == IPV6_WALK_UPPER && first.at + least_upper(first.kind) <= buf_len(packet);
}

/*
 * Section 4.5: whether a fragment is one that can be put together. Others are dropped, which the sender is
 * told. It is not told about a later fragment of ICMP, which may be an error by itself.
 */
static bool is_sound(struct ipv6 *ip, const struct ip_head *head, const struct ipv6_walk *walk,
                     uint16_t field, struct buf *packet)
{
    size_t len = buf_len(packet) - walk->at - IPV6_FRAGMENT_HEADER, offset = field & 0xfff8;
    enum ip_problem_kind kind = IP_PROBLEM_HEADER;
    uint32_t pointer;

    if ((field & 1) != 0 && len % 8 != 0) {
        pointer = IPV6_LENGTH;
    } else if (offset + len > IPV6_PAYLOAD_MAX) {
        pointer = (uint32_t)walk->at + IPV6_FRAGMENT_OFFSET;
    } else if (offset == 0 && !has_all_headers(walk, packet)) {
        kind = IP_PROBLEM_CHAIN;
        pointer = 0;
    } else {
        return true;
    }
    metric_add(&ip->fragments_refused, 1);
    log_debug("refused a fragment");
    if (offset != 0 && walk->p[walk->at] == IP_PROTOCOL_ICMPV6)
        buf_free(packet);
    else
        tell_problem(ip, head, packet, kind, pointer);
    return false;
}

/* Collect a fragment, whose fragment header lies at walk->at. */
static void collect(struct ipv6 *ip, struct ip_head *head, const struct ipv6_walk *walk, struct buf *packet)
{
    uint16_t field = wire_get16(walk->p + walk->at + IPV6_FRAGMENT_OFFSET);
    struct reassembly_key key = { .source = head->source,
                                  .destination = head->destination,
                                  .id = wire_get32(walk->p + walk->at + IPV6_FRAGMENT_ID) };
    struct buf *payload, *header;

    metric_add(&ip->fragments_in, 1);
    if (!is_sound(ip, head, walk, field, packet))
        return;
    header = buf_copy(walk->p, walk->at);
    /* The reassembled packet has no fragment header. */
    if (header != NULL)
        header->data[walk->named_at] = walk->p[walk->at];
    payload = buf_advance(packet, walk->at + IPV6_FRAGMENT_HEADER);
    switch (reassembly_add(&ip->reassembly, &key, field & 0xfff8, (field & 1) != 0, header, payload,
                           os_loop_now(), &header, &payload)) {
    case REASSEMBLY_REFUSED:
        metric_add(&ip->fragments_refused, 1);
        log_debug("refused a fragment");
        break;
    case REASSEMBLY_HELD: ipv6_arm(ip, reassembly_next(&ip->reassembly)); break;
    case REASSEMBLY_DONE: walk_headers(ip, head, buf_append(header, payload), true); break;
    }
}

INTERNAL void ipv6_expire_fragments(struct ipv6 *ip, os_time now)
{
    struct buf *first;

    while (reassembly_expire(&ip->reassembly, now, &first)) {
        struct ip_head head = { 0 };
        log_debug("a packet's fragments did not all come");
        if (first == NULL)
            continue;
        head.source = ipv6_addr(first->data + IPV6_SOURCE);
        head.destination = ipv6_addr(first->data + IPV6_DESTINATION);
        head.group = ipv6_is_multicast(&head.destination);
        tell_problem(ip, &head, first, IP_PROBLEM_REASSEMBLY, 0);
    }
}

/* Look at options that may not be skipped. Returns false when the packet was dropped or answered. */
static bool options_are_fine(struct ipv6 *ip, const struct ip_head *head, const struct ipv6_walk *walk,
                             struct buf *packet)
{
    uint32_t pointer;

    switch (ipv6_check_options(walk->p, walk->at, walk->size, &pointer)) {
    case IPV6_OPTIONS_FINE: return true;
    case IPV6_OPTIONS_TELL_UNLESS_GROUP:
        if (head->group)
            break;
        __attribute__((fallthrough));
    case IPV6_OPTIONS_TELL:
        metric_add(&ip->refused_extensions, 1);
        tell_problem(ip, head, packet, IP_PROBLEM_OPTION, pointer);
        return false;
    case IPV6_OPTIONS_DROP: break;
    }
    drop(&ip->refused_extensions, packet);
    return false;
}

static void walk_headers(struct ipv6 *ip, struct ip_head *head, struct buf *packet, bool reassembled)
{
    struct ipv6_walk walk;
    size_t total = buf_len(packet), enough = IPV6_HEADER + IPV6_EXTENSION_BYTES_MAX + 8;
    bool fragmented = reassembled;

    packet = buf_pull_up(packet, total < enough ? total : enough);
    if (packet == NULL)
        return;
    ipv6_walk_begin(&walk, packet->data, packet->len);
    while (ipv6_walk_next(&walk) == IPV6_WALK_HEADER) {
        uint16_t field = wire_get16(walk.p + walk.at + IPV6_FRAGMENT_OFFSET);
        switch (walk.kind) {
        case IPV6_HOP_BY_HOP:
            /* The hop-by-hop header may only come first. Elsewhere it is an unknown header. */
            if (walk.at != IPV6_HEADER) {
                tell_problem(ip, head, packet, IP_PROBLEM_PROTOCOL, walk.named_at);
                return;
            }
            __attribute__((fallthrough));
        case IPV6_OPTIONS:
            if (!options_are_fine(ip, head, &walk, packet))
                return;
            break;
        case IPV6_ROUTING:
            /* RFC 5095, and section 4.4: no type of routing header is supported. */
            if (walk.p[walk.at + IPV6_ROUTING_LEFT] != 0) {
                metric_add(&ip->refused_extensions, 1);
                tell_problem(ip, head, packet, IP_PROBLEM_HEADER, (uint32_t)walk.at + 2);
                return;
            }
            break;
        case IPV6_FRAGMENT:
            if (reassembled) {
                drop(&ip->fragments_refused, packet);
                return;
            }
            /* RFC 6946: a fragment that is the whole packet is not put into the table. */
            if ((field & 0xfff9) != 0) {
                collect(ip, head, &walk, packet);
                return;
            }
            fragmented = true;
            break;
        }
    }
    if (walk.result == IPV6_WALK_TRUNCATED && fragmented && !reassembled) {
        metric_add(&ip->fragments_refused, 1);
        tell_problem(ip, head, packet, IP_PROBLEM_CHAIN, 0);
        return;
    }
    if (walk.result != IPV6_WALK_UPPER) {
        drop(walk.result == IPV6_WALK_TRUNCATED ? &ip->malformed : &ip->refused_extensions, packet);
        return;
    }
    head->protocol = walk.kind;
    deliver(ip, head, fragmented, packet, walk.at, walk.named_at);
}

INTERNAL void ipv6_input(struct ipv6 *ip, struct buf *packet, bool group, bool from_link)
{
    size_t total = buf_len(packet);

    if (packet->len < IPV6_HEADER && total >= IPV6_HEADER &&
        (packet = buf_pull_up(packet, IPV6_HEADER)) == NULL)
        return;
    const uint8_t *p = packet->data;
    if (packet->len < IPV6_HEADER || p[0] >> 4 != 6 ||
        (size_t)wire_get16(p + IPV6_LENGTH) + IPV6_HEADER > total) {
        drop(&ip->malformed, packet);
        return;
    }
    if (total > (size_t)wire_get16(p + IPV6_LENGTH) + IPV6_HEADER)
        buf_truncate(packet, (size_t)wire_get16(p + IPV6_LENGTH) + IPV6_HEADER);
    struct ip_head head = {
        .source = ipv6_addr(p + IPV6_SOURCE),
        .destination = ipv6_addr(p + IPV6_DESTINATION),
        .protocol = p[IPV6_NEXT],
        .hop_limit = p[IPV6_HOP_LIMIT],
        .traffic_class = (uint8_t)(wire_get16(p) >> 4),
        .flow_label = wire_get32(p) & 0xfffff,
        .dont_fragment = true,
    };
    head.group = ipv6_is_multicast(&head.destination);
    if (from_link && is_martian(ip, &head)) {
        drop(&ip->martian, packet);
        return;
    }
    if (from_link &&
        !(head.group ? group_is_joined(ip, &head.destination) : !group && ipv6_has(ip, &head.destination))) {
        buf_free(packet);
        return;
    }
    if (head.protocol == IP_PROTOCOL_TCP || head.protocol == IP_PROTOCOL_UDP ||
        head.protocol == IP_PROTOCOL_ICMPV6)
        deliver(ip, &head, false, packet, IPV6_HEADER, IPV6_NEXT);
    else
        walk_headers(ip, &head, packet, false);
}

INTERNAL void ipv6_loop(void *ctx, struct buf *packet)
{
    ipv6_input(ctx, packet, false, false);
}

void eth_on_ipv6(void *ctx, struct buf *packet, bool group)
{
    ipv6_input(ctx, packet, group, true);
}
