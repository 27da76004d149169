/* Sending: put the header before the payload, and make fragments where needed (RFC 791, 6864). */
#include "ipv4.h"

static err send_on_link(struct ipv4 *ip, const struct ipv4_path *path, struct buf *packet)
{
    switch ((enum ipv4_way)path->way) {
    case IPV4_DIRECT: return arp_write(ip->arp, &path->next_hop, packet);
    case IPV4_LOCAL: return loopback_put(&ip->loopback, packet);
    case IPV4_ALL: return eth_write(ip->eth, &ETHERNET_BROADCAST, ETHERNET_IPV4, packet);
    case IPV4_GROUP: {
        /* RFC 1112, section 6.4. */
        uint32_t d = path->destination;
        struct ethernet_address group = { { 0x01, 0x00, 0x5e, (d >> 16) & 0x7f, (d >> 8) & 0xff, d & 0xff } };
        return eth_write(ip->eth, &group, ETHERNET_IPV4, packet);
    }
    case IPV4_NOWHERE: break;
    }
    buf_free(packet);
    return ERR_UNREACHABLE;
}

static err put_header(struct ipv4 *ip, const struct ipv4_path *path, const struct ipv4_header *header,
                      struct buf *payload)
{
    struct buf *packet = buf_prepend(payload, IPV4_HEADER);

    if (packet == NULL)
        return ERR_NO_MEMORY;
    ipv4_emit(packet->data, header);
    metric_add(&ip->out, 1);
    return send_on_link(ip, path, packet);
}

static err send_fragments(struct ipv4 *ip, const struct ipv4_path *path, struct ipv4_header *header,
                          struct buf *payload)
{
    struct ipv4_path way = *path; /* a copy: sending may make others look up routes */
    struct buf *packet = buf_prepend(payload, IPV4_HEADER), *fragment;
    struct fragments fragments;

    if (packet == NULL)
        return ERR_NO_MEMORY;
    ipv4_emit(packet->data, header);
    TRY(fragments_begin(&fragments, packet, way.mtu));
    err e = fragments_next(&fragments, &fragment);
    while (e == OK) {
        metric_add(&ip->fragments_out, 1);
        metric_add(&ip->out, 1);
        e = send_on_link(ip, &way, fragment);
        if (e == OK)
            e = fragments_next(&fragments, &fragment);
    }
    fragments_end(&fragments);
    return e == ERR_END ? OK : e;
}

/* Returns the source address that was asked for, if it may be used, or else the best one. */
static err choose_source(const struct ipv4 *ip, const struct ip_head *head, const struct ipv4_path *path,
                         uint32_t *out)
{
    bool loopback = ipv4_is_loopback(path->destination);

    if (ip_is_any(&head->source)) {
        *out = loopback ? path->destination : ip->address;
        return OK;
    }
    if (!ip_is_v4(&head->source))
        return ERR_ADDRESS_NOT_HERE;
    *out = ipv4_number(&head->source);
    if (*out == ip->address || (path->way == IPV4_LOCAL && ipv4_is_loopback(*out)) ||
        (path->way == IPV4_ALL && *out == 0))
        return OK;
    return ERR_ADDRESS_NOT_HERE;
}

err ipv4_write(struct ipv4 *ip, const struct ip_head *head, struct buf *payload)
{
    if (payload == NULL)
        return ERR_NO_MEMORY;
    err e = ERR_UNREACHABLE;
    if (!ip_is_v4(&head->destination))
        goto refuse;
    const struct ipv4_path *path = ipv4_path(ip, ipv4_number(&head->destination));
    if (path->way == IPV4_NOWHERE) {
        metric_add(&ip->unroutable, 1);
        goto refuse;
    }
    struct ipv4_header header = {
        .destination = path->destination,
        .protocol = head->protocol,
        .ttl = head->hop_limit != 0 ? head->hop_limit : 64,
        .tos = head->traffic_class,
        .fragment = head->dont_fragment ? IPV4_DONT_FRAGMENT : 0,
    };
    e = choose_source(ip, head, path, &header.source);
    if (e != OK)
        goto refuse;
    size_t len = buf_len(payload);
    e = ERR_TOO_LARGE;
    if (len > IPV4_LENGTH_MAX - IPV4_HEADER)
        goto refuse;
    /* RFC 6864: a packet that is never fragmented needs no identification. */
    if (!head->dont_fragment)
        header.id = ipv4_next_id(&ip->ids, header.destination, header.protocol);
    bool is_too_long = len + IPV4_HEADER > path->mtu && payload->gso == BUF_GSO_NONE &&
                       !(head->probe && len + IPV4_HEADER <= ip->mtu);
    if (is_too_long && head->dont_fragment)
        goto refuse;
    header.length = (uint16_t)(len + IPV4_HEADER);
    if (is_too_long)
        return send_fragments(ip, path, &header, payload);
    return put_header(ip, path, &header, payload);
refuse:
    buf_free(payload);
    return e;
}
