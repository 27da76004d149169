/* Receiving: a valid packet for this host goes to its protocol (RFC 1122, section 3.2). */
#include "ipv4.h"

static void drop(struct metric *counter, struct buf *packet)
{
    metric_add(counter, 1);
    log_debug("dropped a packet: %s", counter->help);
    buf_free(packet);
}

/* Source addresses that are not valid on the link: RFC 1122, section 3.2.1.3; RFC 1812, section 5.3.7. */
static bool is_martian(const struct ipv4 *ip, const struct ipv4_header *h)
{
    if (ipv4_is_multicast(h->source) || h->source >> 28 == 0xf || ipv4_is_loopback(h->source) ||
        ipv4_is_loopback(h->destination))
        return true;
    /* A host without an address sends its requests from 0.0.0.0 to everybody. */
    if (h->source >> 24 == 0)
        return h->source != 0 || !ipv4_is_broadcast(ip, h->destination);
    return (ip->address != 0 && h->source == ip->address) || ipv4_is_broadcast(ip, h->source);
}

static void make_head(struct ip_head *head, const struct ipv4_header *h, bool group)
{
    *head = (struct ip_head){
        .source = ipv4_addr(h->source),
        .destination = ipv4_addr(h->destination),
        .protocol = h->protocol,
        .hop_limit = h->ttl,
        .traffic_class = h->tos,
        .dont_fragment = (h->fragment & IPV4_DONT_FRAGMENT) != 0,
        .group = group,
    };
}

static void tell_problem(struct ipv4 *ip, const struct ipv4_header *h, bool group, struct buf *packet,
                         enum ip_problem_kind kind, uint32_t pointer)
{
    struct ip_problem problem = { .kind = kind, .pointer = pointer };

    if (ip->icmp == NULL) {
        buf_free(packet);
        return;
    }
    make_head(&problem.head, h, group);
    ipv4_on_problem(ip->icmp, packet, &problem);
}

static void deliver(struct ipv4 *ip, const struct ipv4_header *h, bool group, struct buf *packet)
{
    void *listener = h->protocol == IP_PROTOCOL_TCP    ? ip->tcp
                     : h->protocol == IP_PROTOCOL_UDP  ? ip->udp
                     : h->protocol == IP_PROTOCOL_ICMP ? ip->icmp
                                                       : NULL;
    struct ip_head head;
    uint8_t header[IPV4_HEADER_MAX];

    if (listener == NULL) {
        metric_add(&ip->unknown, 1);
        tell_problem(ip, h, group, packet, IP_PROBLEM_PROTOCOL, IPV4_PROTOCOL);
        return;
    }
    make_head(&head, h, group);
    head.header_len = h->header_len;
    head.header = packet->data;
    /* A message of one view stays where it is, and so does the header before it. */
    if (packet->next != NULL)
        head.header = memcpy(header, packet->data, h->header_len);
    packet = buf_advance(packet, h->header_len);
    if (packet == NULL)
        return;
    metric_add(&ip->in, 1);
    if (h->protocol == IP_PROTOCOL_TCP)
        ipv4_on_tcp(listener, packet, &head);
    else if (h->protocol == IP_PROTOCOL_UDP)
        ipv4_on_udp(listener, packet, &head);
    else
        ipv4_on_icmp(listener, packet, &head);
}

/* RFC 792: the sender gets an error when the first fragment came but others are missing. */
INTERNAL void ipv4_expire(void *arg)
{
    struct ipv4 *ip = arg;
    struct buf *first;

    while (reassembly_expire(&ip->reassembly, os_loop_now(), &first)) {
        struct ipv4_header h;
        log_debug("a packet's fragments did not all come");
        if (first == NULL)
            continue;
        first = buf_pull_up(first, ipv4_header_len(first->data, first->len));
        if (first != NULL && ipv4_parse(&h, first->data, first->len, buf_len(first)) == OK)
            tell_problem(ip, &h, ipv4_is_broadcast(ip, h.destination) || ipv4_is_multicast(h.destination),
                         first, IP_PROBLEM_REASSEMBLY, 0);
        else
            buf_free(first);
    }
    reassembly_arm(&ip->reassembly, &ip->timer);
}

static void collect(struct ipv4 *ip, struct ipv4_header *h, bool group, struct buf *packet)
{
    struct buf *header, *payload;

    metric_add(&ip->fragments_in, 1);
    switch (reassembly_add_ipv4(&ip->reassembly, h, packet, os_loop_now(), &header, &payload)) {
    case REASSEMBLY_REFUSED:
        metric_add(&ip->fragments_refused, 1);
        log_debug("refused a fragment");
        break;
    case REASSEMBLY_HELD: break;
    case REASSEMBLY_DONE:
        /*
         * The length of the reassembled packet may exceed 16 bits. That does no harm: the header is not read
         * again.
         */
        h->header_len = (uint8_t)header->len;
        h->fragment = 0;
        deliver(ip, h, group, buf_append(header, payload));
        break;
    }
    reassembly_arm(&ip->reassembly, &ip->timer);
}

INTERNAL void ipv4_input(struct ipv4 *ip, struct buf *packet, bool group, bool from_link)
{
    struct ipv4_header h;
    size_t total = buf_len(packet), header_len = ipv4_header_len(packet->data, packet->len);
    uint32_t at;

    if (header_len > packet->len && header_len <= total && (packet = buf_pull_up(packet, header_len)) == NULL)
        return;
    if (ipv4_parse(&h, packet->data, packet->len, total) != OK) {
        drop(&ip->malformed, packet);
        return;
    }
    if (total > h.length)
        buf_truncate(packet, h.length);
    if (from_link && is_martian(ip, &h)) {
        drop(&ip->martian, packet);
        return;
    }
    bool for_all = ipv4_is_broadcast(ip, h.destination) || h.destination == 0xe0000001;
    /*
     * RFC 1122, section 3.3.6: a frame to a group or to everybody must carry a packet to a group or to
     * everybody.
     */
    if (from_link && !for_all && (group || h.destination != ip->address || ip->address == 0)) {
        buf_free(packet);
        return;
    }
    if (h.header_len > IPV4_HEADER) {
        enum ipv4_options options = ipv4_check_options(packet->data, h.header_len, &at);
        if (options == IPV4_OPTIONS_SOURCE_ROUTE) {
            drop(&ip->source_routed, packet);
            return;
        }
        if (options == IPV4_OPTIONS_WRONG) {
            metric_add(&ip->malformed, 1);
            tell_problem(ip, &h, for_all, packet, IP_PROBLEM_HEADER, at);
            return;
        }
    }
    if ((h.fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET_MASK)) != 0)
        collect(ip, &h, for_all, packet);
    else
        deliver(ip, &h, for_all, packet);
}

INTERNAL void ipv4_loop(void *ctx, struct buf *packet)
{
    ipv4_input(ctx, packet, false, false);
}

void eth_on_ipv4(void *ctx, struct buf *packet, bool group)
{
    ipv4_input(ctx, packet, group, true);
}
