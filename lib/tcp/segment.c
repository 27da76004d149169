/* Headers and options on the wire (RFC 9293 sections 3.1 and 3.2, RFC 7323, RFC 2018, RFC 7413). */
#include "private.h"

#include <base/wire/wire.h>

enum {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_SCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TIMESTAMP = 8,
    OPTION_FAST_OPEN = FAST_OPEN_KIND,
    OPTION_EXPERIMENT = 254, /* an experiment, which the number behind it identifies (RFC 6994): */
    FAST_OPEN_EXPERIMENT = 0xf989,
};

/* A cookie of an impossible length is no cookie, but tells that its sender has the option wrong. */
static void parse_fast_open(uint8_t kind, const uint8_t *cookie, size_t len, struct segment *out)
{
    if (len != 0 && (len < FAST_OPEN_COOKIE_LEAST || len > FAST_OPEN_COOKIE_MOST || len % 2 != 0)) {
        out->bad_cookie = true;
        return;
    }
    out->fast_open.kind = kind;
    out->fast_open.len = (uint8_t)len;
    memcpy(out->fast_open.cookie, cookie, len);
}

/* Parse one option, `len` bytes with its kind and length. An option of the wrong length is ignored. */
static void parse_option(const uint8_t *p, size_t len, struct segment *out)
{
    bool syn = out->flags & SYN;
    switch (p[0]) {
    case OPTION_MSS:
        if (syn && len == 4)
            out->mss = wire_get16(p + 2);
        break;
    case OPTION_SCALE:
        /* RFC 7323, section 2.3: more than 14 counts as 14. */
        if (syn && len == 3) {
            out->has_scale = true;
            out->scale = p[2] > 14 ? 14 : p[2];
        }
        break;
    case OPTION_SACK_PERMITTED:
        if (syn && len == 2)
            out->sack_permitted = true;
        break;
    case OPTION_SACK:
        if (syn || len < 10 || (len - 2) % 8 != 0)
            break;
        for (size_t i = 2; i < len && out->sack_count < SACK_BLOCKS; i += 8)
            out->sacks[out->sack_count++] = (struct sack_block){ wire_get32(p + i), wire_get32(p + i + 4) };
        break;
    case OPTION_TIMESTAMP:
        if (len == TIMESTAMP_SIZE - 2) {
            out->has_timestamp = true;
            out->tsval = wire_get32(p + 2);
            out->tsecr = wire_get32(p + 6);
        }
        break;
    case OPTION_FAST_OPEN:
        if (syn)
            parse_fast_open(p[0], p + 2, len - 2, out);
        break;
    case OPTION_EXPERIMENT:
        if (syn && len >= 4 && wire_get16(p + 2) == FAST_OPEN_EXPERIMENT)
            parse_fast_open(p[0], p + 4, len - 4, out);
        break;
    }
}

/* ERR_FORMAT when an option's length is impossible: RFC 9293, MUST-7. */
static err parse_options(const uint8_t *p, const uint8_t *end, struct segment *out)
{
    out->sack_count = 0;
    while (p < end && *p != OPTION_END) {
        if (*p == OPTION_NOP) {
            p++;
            continue;
        }
        if (end - p < 2 || p[1] < 2 || p[1] > end - p)
            return ERR_FORMAT;
        parse_option(p, p[1], out);
        p += p[1];
    }
    return OK;
}

/* The layout of options that nearly every segment has (RFC 7323, appendix A). */
static bool parse_timestamp_only(const uint8_t *p, size_t len, struct segment *out)
{
    if (len != TIMESTAMP_SIZE || wire_get32(p) != 0x0101080a)
        return false;
    out->has_timestamp = true;
    out->tsval = wire_get32(p + 4);
    out->tsecr = wire_get32(p + 8);
    return true;
}

/*
 * Read the header at the front of `len` contiguous bytes. ERR_FORMAT when it is cut short, or its offset or
 * options are impossible. The caller sets `len` of the segment.
 */
INTERNAL err segment_parse(const uint8_t *header, size_t len, struct segment *out)
{
    if (len < HEADER_SIZE)
        return ERR_FORMAT;
    size_t header_len = (size_t)(header[12] >> 4) * 4;
    if (header_len < HEADER_SIZE || header_len > len)
        return ERR_FORMAT;
    out->source_port = wire_get16(header);
    out->destination_port = wire_get16(header + 2);
    out->seq = wire_get32(header + 4);
    out->ack = wire_get32(header + 8);
    out->header_len = (uint8_t)header_len;
    out->flags = header[13];
    out->window = wire_get16(header + 14);
    out->has_timestamp = out->sack_permitted = out->has_scale = out->bad_cookie = false;
    out->scale = out->sack_count = 0;
    out->mss = 0;
    out->fast_open.kind = out->fast_open.len = 0;
    out->tsval = out->tsecr = 0;
    if (header_len == HEADER_SIZE ||
        parse_timestamp_only(header + HEADER_SIZE, header_len - HEADER_SIZE, out))
        return OK;
    return parse_options(header + HEADER_SIZE, header + header_len, out);
}

/* The length of the options, without padding. */
static size_t fast_open_len(const struct fast_open *option)
{
    return (option->kind == OPTION_EXPERIMENT ? 4 : 2) + (size_t)option->len;
}

static size_t options_len(const struct segment *s)
{
    size_t len = 0;
    if (s->mss > 0)
        len += 4;
    if (s->has_timestamp)
        len += TIMESTAMP_SIZE;
    else if (s->sack_permitted)
        len += 4;
    if (s->has_scale)
        len += 4;
    if (s->sack_count > 0)
        len += 4 + 8 * (size_t)s->sack_count;
    if (s->fast_open.kind != 0)
        len += (fast_open_len(&s->fast_open) + 3) & ~(size_t)3;
    return len;
}

/* How many bytes segment_emit writes for this segment. */
INTERNAL size_t segment_header_len(const struct segment *segment)
{
    return HEADER_SIZE + options_len(segment);
}

static void put_fast_open(uint8_t *p, const struct fast_open *option)
{
    size_t len = fast_open_len(option);
    p = wire_put16(p, (uint16_t)(option->kind << 8 | len));
    if (option->kind == OPTION_EXPERIMENT)
        p = wire_put16(p, FAST_OPEN_EXPERIMENT);
    memcpy(p, option->cookie, option->len);
    p += option->len;
    for (; len % 4 != 0; len++)
        *p++ = OPTION_NOP;
}

/*
 * Write the header, with a checksum of zero. SACK-permitted stands where the time stamp's padding would be.
 */
INTERNAL void segment_emit(uint8_t *header, const struct segment *s)
{
    uint8_t *p = header + HEADER_SIZE;
    wire_put16(header, s->source_port);
    wire_put16(header + 2, s->destination_port);
    wire_put32(header + 4, s->seq);
    wire_put32(header + 8, s->ack);
    header[12] = (uint8_t)((HEADER_SIZE + options_len(s)) / 4 << 4);
    header[13] = s->flags;
    wire_put16(header + 14, s->window);
    wire_put32(header + 16, 0);
    if (s->mss > 0)
        p = wire_put16(wire_put16(p, OPTION_MSS << 8 | 4), s->mss);
    if (s->has_timestamp)
        p = wire_put32(wire_put32(wire_put16(wire_put16(p, s->sack_permitted ? OPTION_SACK_PERMITTED << 8 | 2
                                                                             : OPTION_NOP << 8 | OPTION_NOP),
                                             OPTION_TIMESTAMP << 8 | 10),
                                  s->tsval),
                       s->tsecr);
    else if (s->sack_permitted)
        p = wire_put16(wire_put16(p, OPTION_NOP << 8 | OPTION_NOP), OPTION_SACK_PERMITTED << 8 | 2);
    if (s->has_scale)
        p = wire_put32(p, (uint32_t)OPTION_NOP << 24 | OPTION_SCALE << 16 | 3 << 8 | s->scale);
    if (s->sack_count > 0)
        p = wire_put32(p, (uint32_t)OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_SACK << 8 |
                              (uint32_t)(2 + 8 * s->sack_count));
    for (unsigned i = 0; i < s->sack_count; i++)
        p = wire_put32(wire_put32(p, s->sacks[i].left), s->sacks[i].right);
    if (s->fast_open.kind != 0)
        put_fast_open(p, &s->fast_open);
}
