/*
 * Errors. Ours about other hosts' packets are limited; those about our packets are verified as far as
 * possible.
 */
#include "icmp.h"

static bool may_send(struct icmp *icmp)
{
    if (!allowance_has(&icmp->errors, os_loop_now(), key_errors_per_second, key_errors_burst))
        return false;
    allowance_spend(&icmp->errors, key_errors_per_second, random_below(icmp->random, ALLOWANCE_LOST));
    return true;
}

/*
 * RFC 1122, section 3.2.2; RFC 4443, section 2.4 (e): whether an error may be sent. `icmp_type` is the type
 * of the packet's ICMP message, -1 when it is not ICMP.
 */
static bool may_answer(const struct ip_head *head, int icmp_type, bool even_group)
{
    bool v4 = ip_is_v4(&head->source);

    if ((head->group && !even_group) || !icmp_is_host(&head->source))
        return false;
    if (icmp_type < 0)
        return true;
    return v4 ? icmp_type == ICMP4_ECHO || icmp_type == ICMP4_ECHO_REPLY
              : icmp_type >= 128 && icmp_type != 137;
}

/* Send an error that quotes `packet`, which begins with its IP header. Takes it. */
static err send_about(struct icmp *icmp, const struct ip_head *head, enum icmp_error_kind kind, uint8_t code,
                      uint32_t word, struct buf *packet)
{
    bool v4 = ip_is_v4(&head->source);
    /* RFC 1812, section 4.3.2.3; RFC 4443, section 2.4 (c). */
    size_t most = (v4 ? 576 : IPV6_MTU_MIN) - (v4 ? IPV4_HEADER : IPV6_HEADER) - ICMP_HEADER;
    struct ip_head back = { .source = head->destination,
                            .destination = head->source,
                            .protocol = v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6 };

    if (!may_send(icmp)) {
        metric_add(&icmp->errors_limited, 1);
        buf_free(packet);
        return ERR_AGAIN;
    }
    if (buf_len(packet) > most)
        buf_truncate(packet, most);
    if (head->group && ip_source(icmp->ip, &head->source, &back.source) != OK) {
        buf_free(packet);
        return ERR_UNREACHABLE;
    }
    packet->csum = BUF_CSUM_UNKNOWN;
    packet->gso = BUF_GSO_NONE;
    struct buf *message = buf_prepend(packet, ICMP_HEADER);
    if (message == NULL)
        return ERR_NO_MEMORY;
    if (!icmp_emit_error(message->data, v4, kind, code, word)) {
        buf_free(message);
        return ERR_INVALID;
    }
    icmp_put_checksum(&back.source, &back.destination, message);
    metric_add(&icmp->errors_out, 1);
    return ip_write(icmp->ip, &back, message);
}

/*
 * Put the packet's IP header before its payload, as it came (RFC 1122, section 3.2.2). One that is not known
 * is made from the head.
 */
static struct buf *with_header(const struct ip_head *head, struct buf *payload)
{
    size_t len = buf_len(payload);

    if (head->header != NULL) {
        struct buf *b = buf_prepend(payload, head->header_len);
        if (b != NULL)
            memmove(b->data, head->header, head->header_len);
        return b;
    }
    if (!ip_is_v4(&head->source)) {
        struct buf *b = buf_prepend(payload, IPV6_HEADER);
        if (b != NULL)
            ipv6_emit(b->data, &head->source, &head->destination, len, head->protocol, head->hop_limit,
                      head->traffic_class, head->flow_label);
        return b;
    }
    struct ipv4_header header = {
        .source = ipv4_number(&head->source),
        .destination = ipv4_number(&head->destination),
        .length = (uint16_t)(len + IPV4_HEADER),
        .fragment = head->dont_fragment ? IPV4_DONT_FRAGMENT : 0,
        .protocol = head->protocol,
        .ttl = head->hop_limit,
        .tos = head->traffic_class,
    };
    struct buf *b = buf_prepend(payload, IPV4_HEADER);
    if (b != NULL)
        ipv4_emit(b->data, &header);
    return b;
}

err icmp_send_error(struct icmp *icmp, const struct icmp_error *error, const struct ip_head *head,
                    struct buf *payload)
{
    if (payload == NULL)
        return ERR_NO_MEMORY;
    if (!may_answer(head, -1, false)) {
        buf_free(payload);
        return ERR_INVALID;
    }
    struct buf *packet = with_header(head, payload);
    if (packet == NULL)
        return ERR_NO_MEMORY;
    return send_about(icmp, head, error->kind, 0, error->mtu, packet);
}

/* Returns the type of the packet's ICMP message, -1 when it is not ICMP. */
static int icmp_type_of(const struct ip_problem *problem, const struct buf *packet)
{
    bool v4 = ip_is_v4(&problem->head.source);
    uint8_t bytes[IPV6_HEADER + IPV6_EXTENSION_BYTES_MAX + 8];
    size_t len = buf_len(packet) < sizeof bytes ? buf_len(packet) : sizeof bytes, headers;
    struct ip_head head;

    if (buf_read_copy(packet, 0, bytes, len) != OK ||
        icmp_parse_quoted(v4, bytes, len, &head, &headers) != OK ||
        head.protocol != (v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6))
        return -1;
    return bytes[headers];
}

/* RFC 1122, section 3.2.2: no error is sent about a fragment of IPv4 that is not the first. */
static bool is_later_fragment(const struct buf *packet)
{
    uint8_t bytes[IPV4_FRAGMENT + 2];

    return buf_read_copy(packet, 0, bytes, sizeof bytes) == OK && bytes[IPV4_VERSION] >> 4 == 4 &&
           (wire_get16(bytes + IPV4_FRAGMENT) & IPV4_OFFSET_MASK) != 0;
}

void ip_on_problem(void *ctx, struct buf *packet, const struct ip_problem *problem)
{
    static const struct {
        enum icmp_error_kind kind;
        uint8_t code;
    } errors[] = {
        [IP_PROBLEM_PROTOCOL] = { ICMP_UNREACHABLE_PROTOCOL, 0 },
        [IP_PROBLEM_REASSEMBLY] = { ICMP_TIME_EXCEEDED, 1 },
        [IP_PROBLEM_HEADER] = { ICMP_PARAMETER_PROBLEM, 0 },
        [IP_PROBLEM_OPTION] = { ICMP_PARAMETER_PROBLEM, 2 },
        [IP_PROBLEM_CHAIN] = { ICMP_PARAMETER_PROBLEM, 3 },
    };
    struct icmp *icmp = ctx;

    /* RFC 4443, section 2.4 (e.3): a packet to a group is answered only for an option that asks for it. */
    if (!is_later_fragment(packet) &&
        may_answer(&problem->head, icmp_type_of(problem, packet), problem->kind == IP_PROBLEM_OPTION))
        IGNORE(send_about(icmp, &problem->head, errors[problem->kind].kind, errors[problem->kind].code,
                          problem->pointer, packet));
    else
        buf_free(packet);
}

/*
 * Whether an address is that of more hosts than one: a group's, or a broadcast address of the link. Nobody
 * may send errors about packets to these (RFC 1122, section 3.2.2; RFC 4443, section 2.4 (e)).
 */
static bool is_group(struct icmp *icmp, const struct ip_addr *addr)
{
    struct ip_cidr own[ICMP_ADDRESSES_MAX];
    size_t count;

    if (!icmp_is_host(addr))
        return true;
    if (!ip_is_v4(addr))
        return false;
    count = ip_addresses(icmp->ip, own, ICMP_ADDRESSES_MAX);
    for (size_t i = 0; i < count && i < ICMP_ADDRESSES_MAX; i++) {
        uint32_t mask = ip_is_v4(&own[i].addr) ? ipv4_mask(own[i].prefix) : 0, number = ipv4_number(addr);
        /* RFC 3021: a point-to-point link has no broadcast address. */
        if (own[i].prefix <= 30 && mask != 0 && ((number ^ ipv4_number(&own[i].addr)) & mask) == 0 &&
            ((number & ~mask) == 0 || (number | mask) == UINT32_MAX))
            return true;
    }
    return false;
}

INTERNAL void icmp_receive_error(struct icmp *icmp, const struct ip_head *head, struct buf *message)
{
    bool v4 = ip_is_v4(&head->source);
    uint8_t bytes[ICMP_HEADER + IPV6_HEADER + IPV6_EXTENSION_BYTES_MAX + 8];
    size_t len = buf_len(message) < sizeof bytes ? buf_len(message) : sizeof bytes, headers;
    struct icmp_error error = { .reporter = head->source };

    if (buf_read_copy(message, 0, bytes, len) != OK ||
        !(v4 ? icmp4_error_kind(bytes, &error.kind, &error.mtu)
             : icmp6_error_kind(bytes, &error.kind, &error.mtu)))
        goto out;
    metric_add(&icmp->errors_in, 1);
    /* The quoted packet must be one of ours to one host, and the error is sent to whom the packet is from. */
    if (icmp_parse_quoted(v4, bytes + ICMP_HEADER, len - ICMP_HEADER, &error.head, &headers) != OK ||
        !ip_has(icmp->ip, &error.head.source) || !ip_equal(&error.head.source, &head->destination) ||
        is_group(icmp, &error.head.destination)) {
        metric_add(&icmp->malformed, 1);
        log_debug("dropped an error about a packet that is not ours, or that was sent to many");
        goto out;
    }
    memcpy(error.transport, bytes + ICMP_HEADER + headers, sizeof error.transport);
    if (error.head.protocol == IP_PROTOCOL_TCP && icmp->tcp != NULL)
        icmp_on_tcp_error(icmp->tcp, &error);
    else if (error.head.protocol == IP_PROTOCOL_UDP && icmp->udp != NULL)
        icmp_on_udp_error(icmp->udp, &error);
    else if (error.head.protocol == (v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6) &&
             error.transport[ICMP_TYPE] == (v4 ? ICMP4_ECHO : ICMP6_ECHO))
        icmp_fail_echo(icmp, &error);
out:
    buf_free(message);
}
