#include <base/dns/dns.h>

#include <string.h>

#include <base/wire/wire.h>

/* Where a record began, so that it can be taken back when it does not fit. */
struct mark {
    size_t len, suffix_count;
};

static struct mark mark(const struct dns_writer *w)
{
    return (struct mark){ w->len, w->suffix_count };
}

static void put(struct dns_writer *w, const void *data, size_t len)
{
    if (len > w->room - w->len) {
        w->full = true;
        return;
    }
    if (len > 0)
        memcpy(w->message + w->len, data, len);
    w->len += len;
}

static void put16(struct dns_writer *w, uint32_t value)
{
    uint8_t bytes[2];
    wire_put16(bytes, value);
    put(w, bytes, sizeof bytes);
}

static void put32(struct dns_writer *w, uint32_t value)
{
    uint8_t bytes[4];
    wire_put32(bytes, value);
    put(w, bytes, sizeof bytes);
}

/*
 * Whether the name that begins at `at` in the message is this one, in the same case, because a pointer must
 * give back the same letters. Names that were written are well formed.
 */
static bool is_at(const struct dns_writer *w, size_t at, const uint8_t *wire)
{
    for (;;) {
        uint8_t c = w->message[at];
        if (c >= 0xc0) {
            at = (size_t)(c & 0x3f) << 8 | w->message[at + 1];
            continue;
        }
        if (c != *wire || memcmp(w->message + at, wire, 1u + c) != 0)
            return false;
        if (c == 0)
            return true;
        at += 1u + c;
        wire += 1u + c;
    }
}

static void put_name(struct dns_writer *w, const struct dns_name *name, bool compress)
{
    /* The suffixes of this name itself are not complete yet. */
    size_t at = 0, known = w->suffix_count;
    while (name->wire[at] != 0 && !w->full) {
        for (size_t i = 0; compress && i < known; i++)
            if (is_at(w, w->suffixes[i], name->wire + at)) {
                put16(w, 0xc000u | w->suffixes[i]);
                return;
            }
        size_t here = w->len;
        put(w, name->wire + at, 1u + name->wire[at]);
        if (here < 0x4000 && w->suffix_count < DNS_SUFFIXES)
            w->suffixes[w->suffix_count++] = (uint16_t)here;
        at += 1u + name->wire[at];
    }
    put(w, "", 1);
}

/* End a record: count it, or take it back. */
static void settle(struct dns_writer *w, struct mark before, enum dns_section section)
{
    if (w->full) {
        w->len = before.len;
        w->suffix_count = before.suffix_count;
        w->header.truncated = true;
        return;
    }
    w->header.counts[section]++;
}

void dns_write_begin(struct dns_writer *w, uint8_t *message, size_t room, const struct dns_header *header)
{
    *w = (struct dns_writer){ .message = message, .room = room, .len = DNS_HEADER, .header = *header };
    if (w->room > DNS_MESSAGE_MAX)
        w->room = DNS_MESSAGE_MAX;
    memset(w->header.counts, 0, sizeof w->header.counts);
}

void dns_write_question(struct dns_writer *w, const struct dns_question *question)
{
    struct mark before = mark(w);
    put_name(w, &question->name, true);
    put16(w, question->type);
    put16(w, question->class);
    settle(w, before, DNS_QUESTION);
}

/* A record whose head is written, and whose data follow. */
struct written {
    struct mark before;
    size_t data; /* where its data begin, with their length before them */
};

static struct written begin_record(struct dns_writer *w, const struct dns_name *name, uint16_t type,
                                   uint16_t class, uint32_t ttl)
{
    struct written record = { .before = mark(w) };
    put_name(w, name, true);
    put16(w, type);
    put16(w, class);
    put32(w, ttl);
    put16(w, 0);
    record.data = w->len;
    return record;
}

static void end_record(struct dns_writer *w, struct written record, enum dns_section section)
{
    if (!w->full)
        wire_put16(w->message + record.data - 2, (uint32_t)(w->len - record.data));
    settle(w, record.before, section);
}

void dns_write_record(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
                      uint16_t type, uint32_t ttl, const void *data, size_t len)
{
    struct written record = begin_record(w, name, type, DNS_IN, ttl);
    put(w, data, len);
    end_record(w, record, section);
}

void dns_write_address(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
                       uint32_t ttl, const struct ip_addr *addr)
{
    if (ip_is_v4(addr))
        dns_write_record(w, section, name, DNS_A, ttl, addr->bytes + 12, 4);
    else
        dns_write_record(w, section, name, DNS_AAAA, ttl, addr->bytes, 16);
}

void dns_write_name(struct dns_writer *w, enum dns_section section, const struct dns_name *name,
                    uint16_t type, uint32_t ttl, const struct dns_name *target)
{
    struct written record = begin_record(w, name, type, DNS_IN, ttl);
    put_name(w, target, true);
    end_record(w, record, section);
}

void dns_write_srv(struct dns_writer *w, enum dns_section section, const struct dns_name *name, uint32_t ttl,
                   const struct dns_srv *srv)
{
    struct written record = begin_record(w, name, DNS_SRV, DNS_IN, ttl);
    put16(w, srv->priority);
    put16(w, srv->weight);
    put16(w, srv->port);
    put_name(w, &srv->target, false);
    end_record(w, record, section);
}

void dns_write_soa(struct dns_writer *w, enum dns_section section, const struct dns_name *name, uint32_t ttl,
                   const struct dns_soa *soa)
{
    struct written record = begin_record(w, name, DNS_SOA, DNS_IN, ttl);
    put_name(w, &soa->primary, true);
    put_name(w, &soa->mailbox, true);
    put32(w, soa->serial);
    put32(w, soa->refresh);
    put32(w, soa->retry);
    put32(w, soa->expire);
    put32(w, soa->minimum);
    end_record(w, record, section);
}

void dns_write_text(struct dns_writer *w, const struct dns_name *name, uint32_t ttl, const char *text,
                    size_t len)
{
    struct written record = begin_record(w, name, DNS_TXT, DNS_IN, ttl);
    do {
        uint8_t count = len > 255 ? 255 : (uint8_t)len;
        put(w, &count, 1);
        put(w, text, count);
        text += count;
        len -= count;
    } while (len > 0);
    end_record(w, record, DNS_ANSWER);
}

void dns_write_edns(struct dns_writer *w, const struct dns_edns *edns)
{
    struct dns_name root = { .len = 1 };
    uint32_t bits =
        (uint32_t)edns->rcode_high << 24 | (uint32_t)edns->version << 16 | (uint32_t)edns->dnssec_ok << 15;
    end_record(w, begin_record(w, &root, DNS_OPT, edns->udp_size, bits), DNS_ADDITIONAL);
}

size_t dns_write_end(struct dns_writer *w)
{
    const struct dns_header *h = &w->header;
    uint8_t *p = w->message;
    wire_put16(p, h->id);
    p[2] = (uint8_t)(h->response << 7 | (h->opcode & 15) << 3 | h->authoritative << 2 | h->truncated << 1 |
                     h->recursion_desired);
    p[3] = (uint8_t)(h->recursion_available << 7 | h->authentic << 5 | h->checking_disabled << 4 |
                     (h->rcode & 15));
    for (size_t i = 0; i < 4; i++)
        wire_put16(p + 4 + 2 * i, h->counts[i]);
    return w->len;
}
