/* Sending: put the header before the payload, and make fragments where needed (RFC 8200, section 4.5). */
#include "ipv6.h"

INTERNAL err ipv6_send_group(struct ipv6 *ip, const struct ip_addr *group, struct buf *packet)
{
    /* RFC 2464, section 7. */
    struct ethernet_address link = { { 0x33, 0x33, group->bytes[12], group->bytes[13], group->bytes[14],
                                       group->bytes[15] } };
    return eth_write(ip->eth, &link, ETHERNET_IPV6, packet);
}

static err send_on_link(struct ipv6 *ip, const struct ipv6_path *path, struct buf *packet)
{
    switch ((enum ipv6_way)path->way) {
    case IPV6_DIRECT: return neighbour_write(ip, &path->next_hop, packet);
    case IPV6_LOCAL: return loopback_put(&ip->loopback, packet);
    case IPV6_GROUP: return ipv6_send_group(ip, &path->destination, packet);
    case IPV6_NOWHERE: break;
    }
    buf_free(packet);
    return ERR_UNREACHABLE;
}

static void put_checksum(const struct ip_addr *source, const struct ip_addr *destination, struct buf *message)
{
    size_t len = buf_len(message);
    uint32_t sum = checksum_pseudo(source, destination, IP_PROTOCOL_ICMPV6, (uint32_t)len);

    checksum_store(message->data + 2, checksum_add_buf(sum, message, 0, len));
}

INTERNAL void ipv6_send_message_back(struct ipv6 *ip, const struct ip_addr *source,
                                     const struct ip_addr *destination, uint8_t hop_limit,
                                     struct buf *message, const struct ethernet_address *link)
{
    size_t len = buf_len(message);

    put_checksum(source, destination, message);
    message = buf_prepend(message, IPV6_HEADER);
    if (message == NULL)
        return;
    ipv6_emit(message->data, source, destination, len, IP_PROTOCOL_ICMPV6, hop_limit, 0, 0);
    IGNORE(eth_write(ip->eth, link, ETHERNET_IPV6, message));
}

INTERNAL void ipv6_send_message(struct ipv6 *ip, const struct ip_addr *source,
                                const struct ip_addr *destination, uint8_t hop_limit, struct buf *message,
                                const uint8_t *options)
{
    size_t len = buf_len(message);
    struct ip_addr from = *source, to = *destination;

    put_checksum(&from, &to, message);
    if (options != NULL) {
        message = buf_prepend(message, 8);
        if (message == NULL)
            return;
        memcpy(message->data, options, 8);
        len += 8;
    }
    message = buf_prepend(message, IPV6_HEADER);
    if (message == NULL)
        return;
    ipv6_emit(message->data, &from, &to, len, options != NULL ? IPV6_HOP_BY_HOP : IP_PROTOCOL_ICMPV6,
              hop_limit, 0, 0);
    IGNORE(ipv6_is_multicast(&to) ? ipv6_send_group(ip, &to, message) : neighbour_write(ip, &to, message));
}

static err put_header(struct ipv6 *ip, const struct ipv6_path *path, const struct ip_head *head,
                      const struct ip_addr *source, uint8_t next, struct buf *payload, size_t len)
{
    uint8_t hop_limit = head->hop_limit != 0 ? head->hop_limit : path->way == IPV6_GROUP ? 1 : ip->hop_limit;
    struct buf *packet = buf_prepend(payload, IPV6_HEADER);

    if (packet == NULL)
        return ERR_NO_MEMORY;
    ipv6_emit(packet->data, source, &path->destination, len, next, hop_limit, head->traffic_class,
              head->flow_label);
    metric_add(&ip->out, 1);
    return send_on_link(ip, path, packet);
}

static err send_fragments(struct ipv6 *ip, const struct ipv6_path *path, const struct ip_head *head,
                          const struct ip_addr *source, struct buf *payload, size_t len)
{
    size_t most = (path->mtu - IPV6_HEADER - IPV6_FRAGMENT_HEADER) & ~(size_t)7;
    uint32_t id = (uint32_t)random_u64(ip->random); /* RFC 7739 */
    struct ipv6_path way = *path;
    err e = OK;

    payload = packet_complete(payload);
    if (payload == NULL)
        return ERR_NO_MEMORY;
    for (size_t offset = 0; offset < len && e == OK; offset += most) {
        size_t piece = len - offset < most ? len - offset : most;
        struct buf *b = buf_prepend(buf_slice(payload, offset, piece), IPV6_FRAGMENT_HEADER);
        if (b == NULL) {
            e = ERR_NO_MEMORY;
            break;
        }
        b->data[0] = head->protocol;
        b->data[1] = 0;
        wire_put16(b->data + IPV6_FRAGMENT_OFFSET, (uint32_t)(offset | (offset + piece < len)));
        wire_put32(b->data + IPV6_FRAGMENT_ID, id);
        metric_add(&ip->fragments_out, 1);
        e = put_header(ip, &way, head, source, IPV6_FRAGMENT, b, piece + IPV6_FRAGMENT_HEADER);
    }
    buf_free(payload);
    return e;
}

err ipv6_source(struct ipv6 *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    const struct ipv6_address *a;

    if (ip_is_v4(destination) || ipv6_path(ip, destination)->way == IPV6_NOWHERE)
        return ERR_UNREACHABLE;
    if (ipv6_is_loopback(destination)) {
        *out = *destination;
        return OK;
    }
    a = address_select(ip, destination);
    if (a == NULL)
        return ERR_UNREACHABLE;
    *out = a->addr;
    return OK;
}

err ipv6_write(struct ipv6 *ip, const struct ip_head *head, struct buf *payload)
{
    struct ip_addr source = head->source;

    if (payload == NULL)
        return ERR_NO_MEMORY;
    err e = ERR_UNREACHABLE;
    const struct ipv6_path *path = ipv6_path(ip, &head->destination);
    if (path->way == IPV6_NOWHERE || ip_is_v4(&head->destination)) {
        metric_add(&ip->unroutable, 1);
        goto refuse;
    }
    if (!ip_is_any(&source))
        e = ipv6_has(ip, &source) ? OK : ERR_ADDRESS_NOT_HERE;
    else
        e = ipv6_source(ip, &head->destination, &source);
    if (e != OK)
        goto refuse;
    size_t len = buf_len(payload);
    e = ERR_TOO_LARGE;
    if (len > IPV6_PAYLOAD_MAX)
        goto refuse;
    if (len + IPV6_HEADER > path->mtu && payload->gso == BUF_GSO_NONE &&
        !(head->probe && len + IPV6_HEADER <= ip->mtu)) {
        if (head->dont_fragment)
            goto refuse;
        return send_fragments(ip, path, head, &source, payload, len);
    }
    return put_header(ip, path, head, &source, head->protocol, payload, len);
refuse:
    buf_free(payload);
    return e;
}
