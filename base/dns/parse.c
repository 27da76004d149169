#include <base/dns/dns.h>

#include <string.h>

#include <base/wire/wire.h>

err dns_read_begin(struct dns_reader *r, const uint8_t *message, size_t len)
{
    if (len < DNS_HEADER || len > DNS_MESSAGE_MAX)
        return ERR_FORMAT;
    *r = (struct dns_reader){ .message = message, .len = len, .at = DNS_HEADER };
    struct dns_header *h = &r->header;
    h->id = wire_get16(message);
    h->response = message[2] & 0x80;
    h->opcode = message[2] >> 3 & 15;
    h->authoritative = message[2] & 4;
    h->truncated = message[2] & 2;
    h->recursion_desired = message[2] & 1;
    h->recursion_available = message[3] & 0x80;
    h->authentic = message[3] & 0x20;
    h->checking_disabled = message[3] & 0x10;
    h->rcode = message[3] & 15;
    for (size_t i = 0; i < 4; i++)
        h->counts[i] = wire_get16(message + 4 + 2 * i);
    r->left = h->counts[DNS_QUESTION];
    return OK;
}

err dns_read_question(struct dns_reader *r, struct dns_question *out)
{
    if (r->section != DNS_QUESTION || r->left == 0)
        return ERR_END;
    TRY(dns_name_read(r->message, r->len, &r->at, &out->name));
    if (r->len - r->at < 4)
        return ERR_FORMAT;
    out->type = wire_get16(r->message + r->at);
    out->class = wire_get16(r->message + r->at + 2);
    r->at += 4;
    r->left--;
    return OK;
}

err dns_read_record(struct dns_reader *r, struct dns_record *out)
{
    while (r->section == DNS_QUESTION && r->left > 0) {
        struct dns_question skipped;
        TRY(dns_read_question(r, &skipped));
    }
    while (r->left == 0) {
        if (r->section == DNS_ADDITIONAL)
            return ERR_END;
        r->left = r->header.counts[++r->section];
    }
    TRY(dns_name_read(r->message, r->len, &r->at, &out->name));
    if (r->len - r->at < 10)
        return ERR_FORMAT;
    const uint8_t *p = r->message + r->at;
    out->section = r->section;
    out->type = wire_get16(p);
    out->class = wire_get16(p + 2);
    out->bits = wire_get32(p + 4);
    out->ttl = out->bits > INT32_MAX ? 0 : out->bits;
    out->len = wire_get16(p + 8);
    r->at += 10;
    if (r->len - r->at < out->len)
        return ERR_FORMAT;
    out->data = r->at;
    r->at += out->len;
    r->left--;
    return OK;
}

err dns_data_address(const struct dns_reader *r, const struct dns_record *record, struct ip_addr *out)
{
    const uint8_t *data = r->message + record->data;
    if (record->type == DNS_A && record->len == 4) {
        *out = IP_V4(data[0], data[1], data[2], data[3]);
        return OK;
    }
    if (record->type != DNS_AAAA || record->len != 16)
        return ERR_FORMAT;
    memcpy(out->bytes, data, 16);
    return OK;
}

/* A name within the data, which may point to anywhere before it; *at moves behind it. */
static err read_inner_name(const struct dns_reader *r, const struct dns_record *record, size_t *at,
                           struct dns_name *out)
{
    return dns_name_read(r->message, record->data + record->len, at, out);
}

err dns_data_name(const struct dns_reader *r, const struct dns_record *record, struct dns_name *out)
{
    size_t at = record->data;
    TRY(read_inner_name(r, record, &at, out));
    return at == record->data + record->len ? OK : ERR_FORMAT;
}

err dns_data_srv(const struct dns_reader *r, const struct dns_record *record, struct dns_srv *out)
{
    const uint8_t *data = r->message + record->data;
    size_t at = record->data + 6;
    if (record->len < 7)
        return ERR_FORMAT;
    out->priority = wire_get16(data);
    out->weight = wire_get16(data + 2);
    out->port = wire_get16(data + 4);
    TRY(read_inner_name(r, record, &at, &out->target));
    return at == record->data + record->len ? OK : ERR_FORMAT;
}

err dns_data_soa(const struct dns_reader *r, const struct dns_record *record, struct dns_soa *out)
{
    size_t at = record->data;
    TRY(read_inner_name(r, record, &at, &out->primary));
    TRY(read_inner_name(r, record, &at, &out->mailbox));
    if (record->data + record->len - at != 20)
        return ERR_FORMAT;
    const uint8_t *p = r->message + at;
    out->serial = wire_get32(p);
    out->refresh = wire_get32(p + 4);
    out->retry = wire_get32(p + 8);
    out->expire = wire_get32(p + 12);
    out->minimum = wire_get32(p + 16);
    return OK;
}

err dns_data_edns(const struct dns_record *record, struct dns_edns *out)
{
    if (record->type != DNS_OPT || record->name.len != 1)
        return ERR_FORMAT;
    *out = (struct dns_edns){
        .udp_size = record->class < DNS_UDP_PLAIN ? DNS_UDP_PLAIN : record->class,
        .rcode_high = (uint8_t)(record->bits >> 24),
        .version = (uint8_t)(record->bits >> 16),
        .dnssec_ok = record->bits >> 15 & 1,
    };
    return OK;
}

err dns_data_text(const struct dns_reader *r, const struct dns_record *record, uint8_t *out, size_t *len)
{
    const uint8_t *p = r->message + record->data, *end = p + record->len;
    size_t n = 0;
    if (p == end)
        return ERR_FORMAT;
    while (p < end) {
        size_t count = *p++;
        if ((size_t)(end - p) < count)
            return ERR_FORMAT;
        memcpy(out + n, p, count);
        n += count;
        p += count;
    }
    *len = n;
    return OK;
}
