/*
 * Summarise a frame in one line: ARP (RFC 826), IPv4, IPv6, ICMP, UDP, TCP. The summary says when a header is
 * cut short.
 */
#include <base/frame/summary.h>
#include <base/ip/ip.h>
#include <base/mac/mac.h>
#include <base/wire/wire.h>
#include <mirage/sig/network.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How many bytes of a frame are looked at: enough for the longest headers. */
enum { LOOK = 192 };

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->at, text->left, format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < text->left ? (size_t)n : text->left - 1;
    text->at += used;
    text->left -= used;
}

static void add_mac(struct text *text, const uint8_t *p)
{
    char name[MAC_TEXT_SIZE];
    add(text, "%s", mac_format(p, name));
}

static void add_ip(struct text *text, const uint8_t *p, size_t len)
{
    struct ip_addr addr = IP_V4(0, 0, 0, 0);
    char name[IP_TEXT_SIZE];
    memcpy(addr.bytes + 16 - len, p, len);
    add(text, "%s", ip_format(&addr, name));
}

static void add_arp(struct text *text, const uint8_t *p, size_t len)
{
    if (len < 28 || wire_get32(p) != 0x00010800 || wire_get16(p + 4) != 0x0604) {
        add(text, " ARP of another kind");
        return;
    }
    add(text, " ARP ");
    if (wire_get16(p + 6) == 1) {
        add(text, "who has ");
        add_ip(text, p + 24, 4);
        add(text, "? tell ");
        add_ip(text, p + 14, 4);
    } else {
        add_ip(text, p + 14, 4);
        add(text, wire_get16(p + 6) == 2 ? " is at " : " operation %u of ", wire_get16(p + 6));
        add_mac(text, p + 8);
    }
}

static void add_tcp(struct text *text, const uint8_t *p, size_t len, size_t whole)
{
    static const char flags[] = "FSRPAUEC";
    size_t head = len >= 20 ? (size_t)(p[12] >> 4) * 4 : 0;
    char set[9], *at = set;

    if (head < 20) {
        add(text, " TCP cut short");
        return;
    }
    for (int i = 0; i < 8; i++)
        if (p[13] >> i & 1)
            *at++ = flags[i];
    *at = '\0';
    add(text, " TCP %u > %u [%s] seq %u", wire_get16(p), wire_get16(p + 2), set, wire_get32(p + 4));
    if (p[13] & 0x10)
        add(text, " ack %u", wire_get32(p + 8));
    add(text, " win %u len %zu", wire_get16(p + 14), whole > head ? whole - head : 0);
}

/* `len` bytes of a header of `whole` bytes are at hand. */
static void add_transport(struct text *text, unsigned protocol, const uint8_t *p, size_t len, size_t whole)
{
    switch (protocol) {
    case 6: add_tcp(text, p, len, whole); break;
    case 17:
        if (len < 8)
            add(text, " UDP cut short");
        else
            add(text, " UDP %u > %u len %zu", wire_get16(p), wire_get16(p + 2), whole > 8 ? whole - 8 : 0);
        break;
    case 1:
    case 58:
        if (len < 4)
            add(text, " ICMP cut short");
        else if (len >= 8 && (protocol == 1 ? p[0] == 0 || p[0] == 8 : p[0] == 128 || p[0] == 129))
            add(text, " ICMP echo %s id %u seq %u len %zu", p[0] == 8 || p[0] == 128 ? "request" : "reply",
                wire_get16(p + 4), wire_get16(p + 6), whole > 8 ? whole - 8 : 0);
        else
            add(text, " ICMP type %u code %u", p[0], p[1]);
        break;
    default: add(text, " protocol %u len %zu", protocol, whole);
    }
}

static void add_ipv4(struct text *text, const uint8_t *p, size_t len)
{
    size_t head = len > 0 ? (size_t)(p[0] & 15) * 4 : 0;
    if (len < 20 || head < 20 || head > len || p[0] >> 4 != 4) {
        add(text, " IPv4 malformed");
        return;
    }
    unsigned total = wire_get16(p + 2), offset = (wire_get16(p + 6) & 0x1fff) * 8;
    add(text, " ");
    add_ip(text, p + 12, 4);
    add(text, " > ");
    add_ip(text, p + 16, 4);
    if (offset > 0)
        add(text, " fragment at %u of %u", offset, wire_get16(p + 4));
    else
        add_transport(text, p[9], p + head, len - head, total > head ? total - head : 0);
    if (offset == 0 && (p[6] & 0x20) != 0)
        add(text, ", first fragment of %u", wire_get16(p + 4));
}

static void add_ipv6(struct text *text, const uint8_t *p, size_t len)
{
    if (len < 40 || p[0] >> 4 != 6) {
        add(text, " IPv6 malformed");
        return;
    }
    unsigned next = p[6];
    size_t at = 40, whole = wire_get16(p + 4) + 40u;
    add(text, " ");
    add_ip(text, p + 8, 16);
    add(text, " > ");
    add_ip(text, p + 24, 16);
    /* Hop-by-hop, routing, destination options, fragment. */
    while ((next == 0 || next == 43 || next == 60 || next == 44) && at + 8 <= len) {
        unsigned here = next;
        next = p[at];
        if (here == 44) {
            add(text, " fragment at %u of %u", wire_get16(p + at + 2) & 0xfff8, wire_get32(p + at + 4));
            if ((wire_get16(p + at + 2) & 0xfff8) != 0)
                return;
        }
        at += here == 44 ? 8 : ((size_t)p[at + 1] + 1) * 8;
    }
    add_transport(text, next, at < len ? p + at : p, at < len ? len - at : 0, whole > at ? whole - at : 0);
}

void frame_summary(const struct buf *frame, char line[static FRAME_SUMMARY_SIZE])
{
    struct text text = { line, FRAME_SUMMARY_SIZE };
    size_t whole = buf_len(frame), len = whole < LOOK ? whole : LOOK;
    uint8_t p[LOOK];

    line[0] = '\0';
    if (len < NETWORK_HEADER || buf_read_copy(frame, 0, p, len) != OK) {
        add(&text, "%zu bytes, too few for a frame", whole);
        return;
    }
    add_mac(&text, p + 6);
    add(&text, " > ");
    add_mac(&text, p);
    switch (wire_get16(p + 12)) {
    case 0x0806: add_arp(&text, p + NETWORK_HEADER, len - NETWORK_HEADER); break;
    case 0x0800: add_ipv4(&text, p + NETWORK_HEADER, len - NETWORK_HEADER); break;
    case 0x86dd: add_ipv6(&text, p + NETWORK_HEADER, len - NETWORK_HEADER); break;
    default: add(&text, " type %04x, %zu bytes", wire_get16(p + 12), whole);
    }
    if (frame->gso != BUF_GSO_NONE)
        add(&text, " gso %u", frame->gso_size);
}
