/* Builds a scripted packet's bytes, reads the stack's packets strictly, and compares the two. */
#include "drive.h"

#include <stdio.h>
#include <string.h>

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_ICMPV6 = 58 };

static uint32_t sum_of(uint32_t sum, const uint8_t *p, size_t len)
{
    for (; len > 1; p += 2, len -= 2)
        sum += get16(p);
    return len == 0 ? sum : sum + (uint32_t)(*p << 8);
}

static uint16_t folded(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* The checksum of a transport with its pseudo-header. The two addresses are adjacent. */
static uint16_t transport_sum(bool v6, const uint8_t *addresses, uint8_t protocol, const uint8_t *data,
                              size_t len)
{
    uint32_t sum =
        sum_of(0, addresses, v6 ? 32 : 8) + protocol + (uint32_t)(len & 0xffff) + (uint32_t)(len >> 16);
    return folded(sum_of(sum, data, len));
}

static size_t ip_header(const struct drive *d, const struct end *from, const struct end *to, uint8_t protocol,
                        uint8_t traffic_class, uint8_t hop_limit, size_t payload, uint8_t *out)
{
    if (d->v6) {
        put32(out, 6u << 28 | (uint32_t)traffic_class << 20);
        put16(out + 4, (uint32_t)payload);
        out[6] = protocol;
        out[7] = hop_limit;
        memcpy(out + 8, from->address, 16);
        memcpy(out + 24, to->address, 16);
        return 40;
    }
    memset(out, 0, 20);
    out[0] = 0x45;
    out[1] = traffic_class;
    put16(out + 2, (uint32_t)payload + 20);
    out[8] = hop_limit;
    out[9] = protocol;
    memcpy(out + 12, from->address, 4);
    memcpy(out + 16, to->address, 4);
    put16(out + 10, folded(sum_of(0, out, 20)));
    return 20;
}

static const uint8_t *addresses_of(const struct drive *d, const uint8_t *ip)
{
    return ip + (d->v6 ? 8 : 12);
}

/* The time stamp of the stack for this time stamp of the script. */
static uint32_t live_timestamp(struct drive *d, uint32_t script)
{
    for (size_t i = d->timestamp_count; i > 0; i--)
        if (d->timestamps[i - 1].script == script)
            return d->timestamps[i - 1].live;
    if (d->timestamp_count == 0)
        return script;
    /* The stack has not sent this one. Its distance from the first is the script's. */
    return script - d->timestamps[0].script + d->timestamps[0].live;
}

static size_t build_tcp(struct drive *d, const struct segment_spec *spec, uint8_t *out)
{
    size_t header = 20 + spec->options_len;
    uint32_t base = d->isn_known ? d->isn : 0;
    put16(out, d->remote.port);
    put16(out + 2, d->local.port);
    put32(out + 4, spec->seq);
    put32(out + 8, spec->flags & TCP_ACK ? spec->ack + base : spec->ack);
    out[12] = (uint8_t)(header / 4 << 4);
    out[13] = spec->flags;
    put16(out + 14, (uint32_t)(spec->window < 0 ? 0 : spec->window));
    put16(out + 16, 0);
    put16(out + 18, spec->urgent);
    memcpy(out + 20, spec->options, spec->options_len);
    if (spec->tsval_at >= 0 && (spec->flags & TCP_ACK)) {
        uint8_t *echoed = out + 20 + spec->tsval_at + 4;
        put32(echoed, live_timestamp(d, get32(echoed)));
    }
    if (spec->sack_at >= 0) {
        int end = spec->sack_at - 2 + spec->options[spec->sack_at - 1];
        for (int at = spec->sack_at; at < end; at += 4)
            put32(out + 20 + at, get32(out + 20 + at) + base);
    }
    memset(out + header, 0, spec->len);
    return header + spec->len;
}

struct icmp_code {
    const char *type, *code;
    uint8_t v4[2], v6[2];
};

static const struct icmp_code icmp_codes[] = {
    { "unreachable", "net_unreachable", { 3, 0 }, { 1, 0 } },
    { "unreachable", "host_unreachable", { 3, 1 }, { 1, 3 } },
    { "unreachable", "protocol_unreachable", { 3, 2 }, { 4, 1 } },
    { "unreachable", "port_unreachable", { 3, 3 }, { 1, 4 } },
    { "unreachable", "frag_needed", { 3, 4 }, { 2, 0 } },
    { "unreachable", "source_route_failed", { 3, 5 }, { 1, 0 } },
    { "unreachable", "admin_prohibited", { 3, 13 }, { 1, 1 } },
    { "unreachable", "packet_too_big", { 3, 4 }, { 2, 0 } },
    { "packet_too_big", NULL, { 3, 4 }, { 2, 0 } },
    { "time_exceeded", "ttl_exceeded", { 11, 0 }, { 3, 0 } },
    { "source_quench", NULL, { 4, 0 }, { 4, 0 } },
};

/* Build an ICMP message that quotes the header of a segment of the stack and eight bytes after it. */
static size_t build_icmp(struct drive *d, const struct icmp_spec *spec, uint8_t *out)
{
    const struct icmp_code *code = NULL;
    for (size_t i = 0; i < sizeof icmp_codes / sizeof *icmp_codes && code == NULL; i++) {
        const struct icmp_code *c = &icmp_codes[i];
        if (strcmp(c->type, spec->type) == 0 &&
            (spec->code == NULL || c->code == NULL || strcmp(c->code, spec->code) == 0))
            code = c;
    }
    if (code == NULL)
        drive_fail(d, d->event, "this ICMP message is not known");
    memset(out, 0, 8);
    memcpy(out, d->v6 ? code->v6 : code->v4, 2);
    if (spec->mtu >= 0)
        put32(out + 4, (uint32_t)spec->mtu);
    uint8_t *quoted = out + 8;
    size_t len = ip_header(d, &d->local, &d->remote, PROTOCOL_TCP, 0, 64, spec->len + 20, quoted);
    put16(quoted + len, d->local.port);
    put16(quoted + len + 2, d->remote.port);
    put32(quoted + len + 4, spec->seq + d->isn);
    return 8 + len + 8;
}

size_t packet_build(struct drive *d, const struct packet_spec *spec, uint8_t *out)
{
    size_t ip = d->v6 ? 40 : 20;
    uint8_t *transport = out + ip, protocol = PROTOCOL_TCP;
    size_t len;
    if (spec->is_icmp) {
        protocol = d->v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
        len = build_icmp(d, &spec->icmp, transport);
    } else {
        len = build_tcp(d, &spec->tcp, transport);
    }
    ip_header(d, &d->remote, &d->local, protocol, spec->ecn, spec->hop_limit == 0 ? 255 : spec->hop_limit,
              len, out);
    if (protocol == PROTOCOL_TCP)
        put16(transport + 16, transport_sum(d->v6, addresses_of(d, out), protocol, transport, len));
    else if (d->v6)
        put16(transport + 2, transport_sum(true, addresses_of(d, out), protocol, transport, len));
    else
        put16(transport + 2, folded(sum_of(0, transport, len)));
    return ip + len;
}

const char *packet_read(const struct drive *d, const uint8_t *p, size_t len, struct live_packet *out)
{
    size_t ip = d->v6 ? 40 : 20, address = d->v6 ? 16 : 4;
    memset(out, 0, sizeof *out);
    if (len < ip + 20 || p[0] >> 4 != (d->v6 ? 6 : 4))
        return "it is no packet of this version of IP";
    if (p[d->v6 ? 6 : 9] != PROTOCOL_TCP)
        return "it is not TCP";
    if ((d->v6 ? get16(p + 4) + 40u : get16(p + 2)) != len)
        return "its IP header has the wrong length";
    if (!d->v6 && (p[0] != 0x45 || folded(sum_of(0, p, 20)) != 0))
        return "its IP header is wrong";
    out->ecn = d->v6 ? p[1] >> 4 & 3 : p[1] & 3;
    out->hop_limit = d->v6 ? p[7] : p[8];
    memcpy(out->from.address, addresses_of(d, p), address);
    memcpy(out->to.address, addresses_of(d, p) + address, address);
    const uint8_t *t = out->tcp = p + ip;
    out->tcp_len = len - ip;
    if (transport_sum(d->v6, addresses_of(d, p), PROTOCOL_TCP, t, len - ip) != 0)
        return "its TCP checksum is wrong";
    size_t header = (size_t)(t[12] >> 4) * 4;
    if (header < 20 || header > len - ip)
        return "its TCP header has the wrong length";
    out->from.port = get16(t);
    out->to.port = get16(t + 2);
    out->seq = get32(t + 4);
    out->ack = get32(t + 8);
    out->flags = t[13];
    out->window = get16(t + 14);
    out->urgent = get16(t + 18);
    out->options_len = header - 20;
    memcpy(out->options, t + 20, out->options_len);
    out->len = (uint32_t)(len - ip - header);
    return NULL;
}

/* The offset of a time stamp's value in the options, or -1. */
static int find_timestamp(const uint8_t *options, size_t len)
{
    for (size_t i = 0; i + 1 < len && options[i] != 0;
         i += options[i] == 1 || options[i + 1] == 0 ? 1 : options[i + 1])
        if (options[i] == 8 && options[i + 1] == 10 && i + 10 <= len)
            return (int)i + 2;
    return -1;
}

const char *packet_show(const struct drive *d, const struct live_packet *live)
{
    static char text[400];
    static const char letters[] = "FSRP.UEW";
    char flags[9] = "", *f = flags;
    for (int i = 0; i < 8; i++)
        if (live->flags >> i & 1 && letters[i] != '.')
            *f++ = letters[i];
    if (live->flags & TCP_ACK)
        *f++ = '.';
    *f = '\0';
    uint32_t seq = live->seq - d->isn;
    int n = snprintf(text, sizeof text, "%s %u:%u(%u) ack %u win %u", flags, seq, seq + live->len, live->len,
                     live->ack, live->window);
    const uint8_t *o = live->options;
    const char *between = " <";
    for (size_t i = 0; i < live->options_len && n < 350; between = ",") {
        size_t len = o[i] < 2 || i + 1 == live->options_len ? 1 : o[i + 1];
        n += snprintf(text + n, sizeof text - (size_t)n, "%s", between);
        if (len == 0 || i + len > live->options_len)
            break;
        char *at = text + n;
        size_t room = sizeof text - (size_t)n;
        switch (o[i]) {
        case 0: n += snprintf(at, room, "eol"); break;
        case 1: n += snprintf(at, room, "nop"); break;
        case 2: n += snprintf(at, room, "mss %u", get16(o + i + 2)); break;
        case 3: n += snprintf(at, room, "wscale %u", o[i + 2]); break;
        case 4: n += snprintf(at, room, "sackOK"); break;
        case 5:
            n += snprintf(at, room, "sack");
            for (size_t k = 2; k + 8 <= len; k += 8)
                n += snprintf(text + n, sizeof text - (size_t)n, " %u:%u", get32(o + i + k),
                              get32(o + i + k + 4));
            break;
        case 8: n += snprintf(at, room, "TS val %u ecr %u", get32(o + i + 2), get32(o + i + 6)); break;
        case 34:
        case 254:
            n += snprintf(at, room, o[i] == 34 ? "FO " : "FOEXP ");
            for (size_t k = o[i] == 34 ? 2 : 4; k < len; k++)
                n += snprintf(text + n, sizeof text - (size_t)n, "%02x", o[i + k]);
            break;
        default: n += snprintf(at, room, "option %u", o[i]);
        }
        i += len;
    }
    if (live->options_len > 0)
        snprintf(text + n, sizeof text - (size_t)n, ">");
    return text;
}

/* The stack chooses its time stamps. Record the script's name for this one. */
static void learn_timestamp(struct drive *d, const struct segment_spec *spec, struct live_packet *live)
{
    int at = find_timestamp(live->options, live->options_len);
    if (at < 0 || spec->tsval_at < 0 || spec->any_options)
        return;
    uint8_t *value = live->options + at;
    uint32_t script = get32(spec->options + spec->tsval_at);
    if (d->timestamp_count < TIMESTAMPS_MAX) {
        d->timestamps[d->timestamp_count].script = script;
        d->timestamps[d->timestamp_count++].live = get32(value);
    }
    put32(value, script);
}

const char *packet_compare(struct drive *d, const struct packet_spec *spec, const struct live_packet *packet)
{
    static char text[100];
    const struct segment_spec *s = &spec->tcp;
    struct live_packet live = *packet;
    const struct {
        const char *name;
        uint32_t script, live;
        bool asked;
    } fields[] = {
        { "flags", s->flags, live.flags, true },
        { "sequence number", s->seq, live.seq - d->isn, true },
        { "length", s->len, live.len, true },
        { "acknowledgement", s->ack, live.ack, s->flags & TCP_ACK },
        { "window", (uint32_t)s->window, live.window, s->window >= 0 },
        { "urgent pointer", s->urgent, live.urgent, true },
        { "ECN field", spec->ecn, live.ecn, spec->ecn_check == ECN_IS },
        { "ECN field", 1, live.ecn == 1 || live.ecn == 2, spec->ecn_check == ECN_ECT },
        { "hop limit", spec->hop_limit, live.hop_limit, spec->hop_limit != 0 },
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!fields[i].asked || fields[i].script == fields[i].live)
            continue;
        snprintf(text, sizeof text, "the %s is %u and not %u", fields[i].name, fields[i].live,
                 fields[i].script);
        return text;
    }
    learn_timestamp(d, s, &live);
    if (s->any_options)
        return NULL;
    if (live.options_len != s->options_len || memcmp(live.options, s->options, s->options_len) != 0)
        return "the options differ";
    return NULL;
}
