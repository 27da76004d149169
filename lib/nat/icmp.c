/* ICMP errors of others, translated; errors of our own; answers to echoes. */
#include "nat.h"

#include <base/checksum/checksum.h>
#include <base/wire/icmp.h>

enum { TTL = 64 };

/* RFC 1812, section 4.3.2.3: an error has no more than this, with what it quotes. */
enum { ERROR_MAX = 576 };

/* Each network has an allowance of its own, so that nobody outside uses up what hosts inside are told by. */
static bool may_tell(struct nat *nat, struct nat_side *side)
{
    if (!allowance_has(&side->errors, os_loop_now(), key_errors_per_second, key_errors_burst)) {
        metric_add(&nat->errors_limited, 1);
        return false;
    }
    allowance_spend(&side->errors, key_errors_per_second, random_below(nat->random, ALLOWANCE_LOST));
    return true;
}

/* The packet came from a host, to one address, and is not a piece of another (RFC 1812, section 4.3.2.7). */
INTERNAL void nat_tell(struct nat *nat, struct nat_side *side, const struct nat_view *v, struct buf *packet,
                       enum icmp_error_kind kind, uint32_t mtu)
{
    if (v->icmp == NAT_ICMP_ERROR || v->icmp == NAT_ICMP_UNKNOWN || !may_tell(nat, side)) {
        buf_free(packet);
        return;
    }
    buf_truncate(packet, ERROR_MAX - IPV4_HEADER - ICMP_HEADER);
    packet->csum = BUF_CSUM_UNKNOWN;
    packet->gso = BUF_GSO_NONE;
    size_t len = IPV4_HEADER + ICMP_HEADER + buf_len(packet);
    packet = buf_prepend(packet, IPV4_HEADER + ICMP_HEADER);
    if (packet == NULL)
        return;
    struct nat_view error = { .ip = { .source = side->address,
                                      .destination = v->ip.source,
                                      .id = ipv4_next_id(&nat->ids, v->ip.source, IP_PROTOCOL_ICMP),
                                      .length = (uint16_t)len,
                                      .header_len = IPV4_HEADER,
                                      .protocol = IP_PROTOCOL_ICMP,
                                      .ttl = TTL } };
    uint8_t *p = packet->data, *message = p + IPV4_HEADER;
    ipv4_emit(p, &error.ip);
    if (!icmp_emit_error(message, true, kind, 0, mtu)) {
        buf_free(packet);
        return;
    }
    checksum_store(message + ICMP_CHECKSUM, checksum_add_buf(0, packet, IPV4_HEADER, len - IPV4_HEADER));
    metric_add(&nat->errors_out, 1);
    nat_send(nat, side, &error, v->ip.source, packet);
}

static bool has_good_checksum(const struct nat_view *v, const struct buf *packet)
{
    return checksum_is_valid(
        checksum_add_buf(0, packet, v->ip.header_len, (size_t)v->ip.length - v->ip.header_len));
}

/* RFC 1122, section 3.2.2.6. The answer sets out with a time to live of its own. */
static void answer_echo(struct nat *nat, struct nat_side *side, const struct nat_view *v, struct buf *packet)
{
    struct nat_view reply = *v;
    uint8_t *p = packet->data, *message = p + v->ip.header_len;
    uint8_t before[2] = { message[ICMP_TYPE], message[ICMP_CODE] };

    if (!has_good_checksum(v, packet)) {
        nat_refuse(&nat->malformed, packet);
        return;
    }
    message[ICMP_TYPE] = ICMP4_ECHO_REPLY;
    nat_checksum_change(message + ICMP_CHECKSUM, before, message, sizeof before);
    reply.ip.ttl = TTL;
    reply.ip.source = v->ip.destination;
    reply.ip.destination = v->ip.source;
    if ((v->ip.fragment & IPV4_DONT_FRAGMENT) == 0)
        reply.ip.id = ipv4_next_id(&nat->ids, v->ip.source, IP_PROTOCOL_ICMP);
    p[IPV4_TTL] = TTL;
    wire_put16(p + IPV4_ID, reply.ip.id);
    wire_put32(p + IPV4_SOURCE, reply.ip.source);
    wire_put32(p + IPV4_DESTINATION, reply.ip.destination);
    ipv4_set_checksum(p, v->ip.header_len);
    nat_send(nat, side, &reply, reply.ip.destination, packet);
}

INTERNAL void nat_answer(struct nat *nat, struct nat_side *side, const struct nat_view *v, struct buf *packet)
{
    if (v->icmp == NAT_ICMP_ECHO)
        answer_echo(nat, side, v, packet);
    else if (v->protocol == NAT_OTHER)
        nat_tell(nat, side, v, packet, ICMP_UNREACHABLE_PROTOCOL, 0);
    else if (v->protocol != NAT_ICMP)
        nat_tell(nat, side, v, packet, ICMP_UNREACHABLE_PORT, 0);
    else
        nat_refuse(&nat->unmapped, packet);
}

/*
 * Read what an error quotes. The error itself must be right, for its checksum is made anew (RFC 5508, REQ-3),
 * and it must go to the one who sent the packet that it quotes. Returns where the quoted packet begins; 0: it
 * is refused.
 */
static size_t read_quoted(struct nat *nat, const struct nat_view *v, const struct buf *packet,
                          struct nat_view *quoted)
{
    size_t at = v->ip.header_len + (size_t)ICMP_HEADER;

    if (!has_good_checksum(v, packet) || packet->len <= at ||
        nat_view_read_quoted(quoted, packet->data + at, packet->len - at) != OK ||
        quoted->ip.source != v->ip.destination) {
        log_debug("refused an ICMP error: %s", nat->malformed.help);
        return 0;
    }
    return at;
}

/* Write the address and port into the quoted packet, and make the error's checksum. */
static void change_quoted(const struct nat_view *v, struct nat_view *quoted, struct buf *packet, size_t at,
                          bool source, uint32_t address, uint16_t port)
{
    uint8_t *field = packet->data + v->ip.header_len + ICMP_CHECKSUM;

    nat_view_set(quoted, packet->data + at, packet->len - at, source, address, port, false);
    memset(field, 0, 2);
    checksum_store(field,
                   checksum_add_buf(0, packet, v->ip.header_len, (size_t)v->ip.length - v->ip.header_len));
}

/*
 * From inside, about a packet that came in: its sender knows the host inside by the mapping. The error has
 * another source then, even when it is from a router inside (RFC 5508, REQ-5).
 */
INTERNAL bool nat_error_out(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    struct nat_view quoted;
    size_t at = read_quoted(nat, v, packet, &quoted);

    if (at == 0 || quoted.icmp == NAT_ICMP_ERROR || quoted.icmp == NAT_ICMP_UNKNOWN)
        return false;
    struct nat_mapping *m =
        nat_mapping_inside(nat, quoted.protocol, quoted.ip.destination, quoted.destination_port);
    if (m == NULL)
        return false;
    change_quoted(v, &quoted, packet, at, false, nat->out.address, m->outside);
    nat_view_set_address(v, packet->data, true, nat->out.address);
    return true;
}

/*
 * From outside, about a packet that a host inside sent. It lengthens and ends nothing (RFC 4787, REQ-12; RFC
 * 5382, REQ-10; RFC 5508, REQ-6).
 */
INTERNAL bool nat_error_in(struct nat *nat, struct nat_view *v, struct buf *packet)
{
    struct nat_view quoted;
    size_t at = read_quoted(nat, v, packet, &quoted);

    if (at == 0 || quoted.icmp == NAT_ICMP_ERROR || quoted.icmp == NAT_ICMP_UNKNOWN ||
        quoted.icmp == NAT_ICMP_REPLY)
        return false;
    struct nat_mapping *m = nat_mapping_outside(nat, quoted.protocol, quoted.source_port);
    if (m == NULL || nat_flow_find(nat, m, quoted.ip.destination, quoted.destination_port) == NULL)
        return false;
    change_quoted(v, &quoted, packet, at, true, m->host->address, m->port);
    nat_view_set_address(v, packet->data, false, m->host->address);
    return true;
}
