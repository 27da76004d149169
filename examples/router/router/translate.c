#include "translate.h"

#include <base/checksum/checksum.h>
#include <mirage/sig/ip.h>
#include <base/wire/wire.h>

#include <string.h>

static uint32_t load32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static uint16_t load16(const uint8_t *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static bool is_query(uint8_t type)
{
    return type == ICMP_ECHO || type == ICMP_REPLY || type == 13 || type == 14;
}

static bool is_error(uint8_t type)
{
    return type == 3 || type == 11 || type == 12;
}

static size_t ports_needed(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP ? 20 : 8;
}

/* `quoted`: only 8 bytes behind the header need be there. */
static err read_transport(struct view *v, const uint8_t *p, size_t len, bool quoted)
{
    const uint8_t *t = p + v->header;
    if (v->protocol != IP_PROTOCOL_TCP && v->protocol != IP_PROTOCOL_UDP && v->protocol != IP_PROTOCOL_ICMP)
        return ERR_UNSUPPORTED;
    if (len < v->header + (quoted ? 8 : ports_needed(v->protocol)))
        return ERR_FORMAT;
    if (v->protocol != IP_PROTOCOL_ICMP) {
        v->source_port = load16(t);
        v->destination_port = load16(t + 2);
        if (v->protocol == IP_PROTOCOL_TCP && !quoted)
            v->tcp_flags = t[13];
        return OK;
    }
    v->icmp_type = t[0];
    v->icmp_error = is_error(t[0]);
    if (is_query(t[0]))
        v->source_port = v->destination_port = load16(t + 4);
    else if (!v->icmp_error || quoted)
        return ERR_UNSUPPORTED;
    return OK;
}

static err read_header(struct view *v, const uint8_t *p, size_t len)
{
    if (len < 20 || p[0] >> 4 != 4)
        return ERR_FORMAT;
    *v = (struct view){
        .protocol = p[9],
        .ttl = p[8],
        .header = (uint16_t)((p[0] & 15) * 4),
        .length = wire_get16(p + 2),
        .source = load32(p + 12),
        .destination = load32(p + 16),
    };
    return v->header < 20 || len < v->header || v->length < v->header ? ERR_FORMAT : OK;
}

INTERNAL err view_read(struct view *v, const uint8_t *p, size_t len, size_t total)
{
    TRY(read_header(v, p, len));
    if (v->length > total || !checksum_is_valid(checksum_add(0, p, v->header)))
        return ERR_FORMAT;
    if ((wire_get16(p + 6) & 0x3fff) != 0)
        return ERR_UNSUPPORTED;
    return read_transport(v, p, len < v->length ? len : v->length, false);
}

INTERNAL err view_quoted(const struct view *v, struct view *out, const uint8_t *p, size_t len)
{
    size_t at = v->header + 8u;
    if (len < at)
        return ERR_FORMAT;
    TRY(read_header(out, p + at, len - at));
    /* A fragment but the first has no ports. */
    if ((wire_get16(p + at + 6) & 0x1fff) != 0)
        return ERR_UNSUPPORTED;
    return read_transport(out, p + at, len - at, true);
}

/* Where the transport's checksum is, behind its header; 0: there is none in these bytes. */
static size_t checksum_place(const struct view *v, const uint8_t *p, size_t len)
{
    size_t at = v->protocol == IP_PROTOCOL_TCP ? 16 : v->protocol == IP_PROTOCOL_UDP ? 6 : 2;
    if (len < v->header + at + 2)
        return 0;
    /* UDP without a checksum keeps none (RFC 768). */
    return v->protocol == IP_PROTOCOL_UDP && load16(p + v->header + at) == 0 ? 0 : at;
}

static void change(uint8_t *field, const void *before, const void *after, size_t len, bool udp)
{
    checksum_update(field, before, after, len);
    if (udp && field[0] == 0 && field[1] == 0)
        field[0] = field[1] = 0xff;
}

static void change_partial(uint8_t *field, const void *before, const void *after)
{
    uint32_t sum = checksum_plus(checksum_load(field), (uint16_t)~checksum_fold(checksum_add(0, before, 4)));
    checksum_store_partial(field, checksum_add(sum, after, 4));
}

static void set(const struct view *v, uint8_t *p, size_t len, bool source, uint32_t address, uint16_t port,
                bool partial)
{
    uint8_t *at = p + (source ? 12 : 16), *t = p + v->header;
    uint8_t *number = v->protocol == IP_PROTOCOL_ICMP ? t + 4 : t + (source ? 0 : 2);
    size_t place = checksum_place(v, p, len);
    bool udp = v->protocol == IP_PROTOCOL_UDP;
    checksum_update(p + 10, at, &address, 4);
    if (place != 0) {
        if (v->protocol != IP_PROTOCOL_ICMP && partial)
            change_partial(t + place, at, &address);
        else if (v->protocol != IP_PROTOCOL_ICMP)
            change(t + place, at, &address, 4, udp);
        if (!partial)
            change(t + place, number, &port, 2, udp);
    }
    memcpy(at, &address, 4);
    memcpy(number, &port, 2);
}

INTERNAL void view_set(const struct view *v, uint8_t *p, bool source, uint32_t address, uint16_t port,
                       bool partial)
{
    if (v->icmp_error) {
        uint8_t *at = p + (source ? 12 : 16);
        checksum_update(p + 10, at, &address, 4);
        memcpy(at, &address, 4);
        return;
    }
    set(v, p, v->length, source, address, port, partial);
}

INTERNAL void view_set_quoted(const struct view *v, const struct view *quoted, uint8_t *p, size_t len,
                              bool source, uint32_t address, uint16_t port)
{
    size_t at = v->header + 8u;
    set(quoted, p + at, len - at, source, address, port, false);
}

INTERNAL void view_age(uint8_t *p)
{
    uint8_t before[2] = { p[8], p[9] };
    p[8]--;
    checksum_update(p + 10, before, p + 8, 2);
}
