/* Reading and changing packets. Every checksum that was right is right afterwards. */
#include "packet.h"

#include <base/checksum/checksum.h>
#include <base/wire/icmp.h>
#include <base/wire/udp.h>

/* RFC 792's queries besides the echo. Those for information and masks have no use any more (RFC 6918). */
enum { ICMP4_TIMESTAMP = 13, ICMP4_TIMESTAMP_REPLY = 14 };

static enum nat_protocol protocol_of(uint8_t number)
{
    return number == IP_PROTOCOL_TCP    ? NAT_TCP
           : number == IP_PROTOCOL_UDP  ? NAT_UDP
           : number == IP_PROTOCOL_ICMP ? NAT_ICMP
                                        : NAT_OTHER;
}

/*
 * Redirects and source quenches are for routers between neighbours, or for nobody (RFC 6633), and are unknown
 * here.
 */
static enum nat_icmp icmp_of(uint8_t type)
{
    switch (type) {
    case ICMP4_ECHO: return NAT_ICMP_ECHO;
    case ICMP4_TIMESTAMP: return NAT_ICMP_REQUEST;
    case ICMP4_ECHO_REPLY:
    case ICMP4_TIMESTAMP_REPLY: return NAT_ICMP_REPLY;
    case ICMP4_UNREACHABLE:
    case ICMP4_TIME_EXCEEDED:
    case ICMP4_PARAMETER: return NAT_ICMP_ERROR;
    default: return NAT_ICMP_UNKNOWN;
    }
}

/* Read the 8 bytes behind the header, which hold the ports or the identifier. */
static void read_ports(struct nat_view *v, const uint8_t *t)
{
    v->icmp = NAT_ICMP_NOT;
    if (v->protocol == NAT_ICMP) {
        v->icmp = icmp_of(t[ICMP_TYPE]);
        v->source_port = v->destination_port = wire_get16(t + ICMP_ID);
    } else {
        v->source_port = wire_get16(t);
        v->destination_port = wire_get16(t + 2);
    }
}

static err read_tcp(struct nat_view *v, const uint8_t *t, size_t len, size_t payload)
{
    size_t header = len < TCP_HEADER ? 0 : (size_t)(t[TCP_OFFSET] >> 4) * 4;

    if (header < TCP_HEADER || header > payload)
        return ERR_FORMAT;
    v->flags = t[TCP_FLAGS];
    v->sequence = wire_get32(t + TCP_SEQUENCE);
    v->acknowledged = wire_get32(t + TCP_ACKNOWLEDGED);
    v->end = v->sequence + (uint32_t)(payload - header) + ((v->flags & TCP_SYN) != 0) +
             ((v->flags & TCP_FIN) != 0);
    return OK;
}

INTERNAL err nat_view_read(struct nat_view *v, const uint8_t *p, size_t len)
{
    const uint8_t *t = p + v->ip.header_len;
    size_t payload = (size_t)v->ip.length - v->ip.header_len;

    len = len < v->ip.length ? len - v->ip.header_len : payload;
    v->protocol = protocol_of(v->ip.protocol);
    v->icmp = NAT_ICMP_NOT;
    if (v->protocol == NAT_OTHER)
        return OK;
    if (len < 8)
        return ERR_FORMAT;
    read_ports(v, t);
    if (v->protocol == NAT_ICMP)
        return OK;
    if (v->source_port == 0 || v->destination_port == 0)
        return ERR_FORMAT;
    if (v->protocol == NAT_TCP)
        return read_tcp(v, t, len, payload);
    return wire_get16(t + UDP_LENGTH) < UDP_HEADER || wire_get16(t + UDP_LENGTH) > payload ? ERR_FORMAT : OK;
}

INTERNAL err nat_view_read_quoted(struct nat_view *v, const uint8_t *p, size_t len)
{
    *v = (struct nat_view){ .protocol = NAT_OTHER };
    /* The quoted packet may be longer than what is quoted of it. */
    TRY(ipv4_parse(&v->ip, p, len, IPV4_LENGTH_MAX));
    if ((v->ip.fragment & IPV4_OFFSET_MASK) != 0 || len < v->ip.header_len + 8u)
        return ERR_FORMAT;
    v->protocol = protocol_of(v->ip.protocol);
    if (v->protocol == NAT_OTHER)
        return ERR_FORMAT;
    read_ports(v, p + v->ip.header_len);
    return OK;
}

/* Where the transport's checksum is, behind its header; 0: there is none in these bytes. */
static size_t checksum_place(const struct nat_view *v, const uint8_t *p, size_t len)
{
    size_t at = v->protocol == NAT_TCP ? TCP_CHECKSUM : v->protocol == NAT_UDP ? UDP_CHECKSUM : ICMP_CHECKSUM;

    if (len < v->ip.header_len + at + 2)
        return 0;
    return v->protocol == NAT_UDP && checksum_load(p + v->ip.header_len + at) == 0 ? 0 : at;
}

/*
 * A zero is written in its other form. In UDP it would mean that there is no checksum, and of bytes that are
 * all zero, as an echo's reply may be, it would be wrong.
 */
INTERNAL void nat_checksum_change(uint8_t *field, const void *before, const void *after, size_t len)
{
    checksum_update(field, before, after, len);
    if (field[0] == 0 && field[1] == 0)
        field[0] = field[1] = 0xff;
}

static void change_partial(uint8_t *field, const void *before, const void *after)
{
    uint32_t sum = checksum_plus(checksum_load(field), (uint16_t)~checksum_fold(checksum_add(0, before, 4)));
    checksum_store_partial(field, checksum_add(sum, after, 4));
}

INTERNAL void nat_view_set_address(struct nat_view *v, uint8_t *p, bool source, uint32_t address)
{
    uint8_t *at = p + (source ? IPV4_SOURCE : IPV4_DESTINATION), after[4];

    wire_put32(after, address);
    checksum_update(p + IPV4_CHECKSUM, at, after, 4);
    memcpy(at, after, 4);
    *(source ? &v->ip.source : &v->ip.destination) = address;
}

INTERNAL void nat_view_set(struct nat_view *v, uint8_t *p, size_t len, bool source, uint32_t address,
                           uint16_t port, bool partial)
{
    uint8_t before[4], after[4], *t = p + v->ip.header_len, port_after[2];
    uint8_t *number = v->protocol == NAT_ICMP ? t + ICMP_ID : t + (source ? 0 : 2);
    size_t place = checksum_place(v, p, len);

    memcpy(before, p + (source ? IPV4_SOURCE : IPV4_DESTINATION), 4);
    nat_view_set_address(v, p, source, address);
    wire_put32(after, address);
    wire_put16(port_after, port);
    if (place != 0 && v->protocol == NAT_ICMP) {
        nat_checksum_change(t + place, number, port_after, 2);
    } else if (place != 0 && partial) {
        /* The device sums the ports. */
        change_partial(t + place, before, after);
    } else if (place != 0) {
        nat_checksum_change(t + place, before, after, 4);
        nat_checksum_change(t + place, number, port_after, 2);
    }
    memcpy(number, port_after, 2);
    if (source || v->protocol == NAT_ICMP)
        v->source_port = port;
    if (!source || v->protocol == NAT_ICMP)
        v->destination_port = port;
}

INTERNAL void nat_view_age(uint8_t *p)
{
    uint8_t before[2] = { p[IPV4_TTL], p[IPV4_PROTOCOL] };

    p[IPV4_TTL]--;
    checksum_update(p + IPV4_CHECKSUM, before, p + IPV4_TTL, 2);
}

INTERNAL void nat_view_set_id(struct nat_view *v, uint8_t *p, uint16_t id)
{
    checksum_update16(p + IPV4_CHECKSUM, v->ip.id, id);
    wire_put16(p + IPV4_ID, id);
    v->ip.id = id;
}
