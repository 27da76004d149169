#include <base/dns/answer.h>

#include <stdlib.h>
#include <string.h>

#include <base/wire/wire.h>

enum dns_answer_fit dns_answer_fit(const struct dns_query *query, const uint8_t *message, size_t len,
                                   struct dns_reader *r)
{
    struct dns_question question;
    if (dns_read_begin(r, message, len) != OK)
        return DNS_ANSWER_ALIEN;
    const struct dns_header *h = &r->header;
    if (!h->response || h->opcode != 0 || h->id != query->id)
        return DNS_ANSWER_ALIEN;
    /* A server that doesn't understand the question need not repeat it. */
    if (h->counts[DNS_QUESTION] == 0 && (h->rcode == DNS_FORMERR || h->rcode == DNS_NOTIMP))
        return DNS_ANSWER_FITS;
    if (h->counts[DNS_QUESTION] != 1 || dns_read_question(r, &question) != OK ||
        question.type != query->type || question.class != DNS_IN ||
        !dns_name_equal(&question.name, &query->name))
        return DNS_ANSWER_ALIEN;
    return dns_name_same(&question.name, &query->name) ? DNS_ANSWER_FITS : DNS_ANSWER_OTHER_CASE;
}

void dns_records_release(struct dns_records *records)
{
    if (records != NULL && --records->users == 0)
        free(records);
}

const uint8_t *dns_records_next(const struct dns_records *records, size_t *at, size_t *len)
{
    uint16_t n;
    if (*at >= records->len)
        return NULL;
    memcpy(&n, records->bytes + *at, sizeof n);
    const uint8_t *data = records->bytes + *at + sizeof n;
    *at += sizeof n + n;
    *len = n;
    return data;
}

/* Append a record to the others. A record that doesn't fit is left out. */
static void add(struct dns_records *records, const void *data, size_t len)
{
    uint16_t n = (uint16_t)len;
    if (records->count == DNS_ANSWER_RECORDS_MAX ||
        len + sizeof n > (size_t)(DNS_ANSWER_BYTES_MAX - records->len))
        return;
    memcpy(records->bytes + records->len, &n, sizeof n);
    if (len > 0)
        memcpy(records->bytes + records->len + sizeof n, data, len);
    records->len = (uint16_t)(records->len + sizeof n + len);
    records->count++;
}

static void add_srv(struct dns_records *records, const struct dns_srv *srv)
{
    uint8_t data[6 + DNS_NAME_MAX];
    uint8_t *p = wire_put16(wire_put16(wire_put16(data, srv->priority), srv->weight), srv->port);
    memcpy(p, srv->target.wire, srv->target.len);
    add(records, data, 6u + srv->target.len);
}

static err add_text(struct dns_records *records, const struct dns_reader *r, const struct dns_record *record)
{
    size_t len = 0;
    uint8_t *text = malloc(record->len + 1u);
    if (text == NULL)
        return ERR_NO_MEMORY;
    err e = dns_data_text(r, record, text, &len);
    if (e == OK)
        add(records, text, len);
    free(text);
    return e;
}

static err add_record(struct dns_records *records, const struct dns_reader *r,
                      const struct dns_record *record)
{
    struct ip_addr addr;
    struct dns_srv srv;
    struct dns_name name;
    switch (record->type) {
    case DNS_A:
    case DNS_AAAA:
        TRY(dns_data_address(r, record, &addr));
        /* An AAAA record with an IPv4-mapped address would be taken for an A record that nobody gave. */
        if (record->type == DNS_A)
            add(records, addr.bytes + 12, 4);
        else if (!ip_is_v4(&addr))
            add(records, addr.bytes, 16);
        return OK;
    case DNS_SRV:
        TRY(dns_data_srv(r, record, &srv));
        add_srv(records, &srv);
        return OK;
    case DNS_PTR:
        TRY(dns_data_name(r, record, &name));
        add(records, name.wire, name.len);
        return OK;
    case DNS_TXT: return add_text(records, r, record);
    default: add(records, r->message + record->data, record->len); return OK;
    }
}

static struct dns_records *new_records(void)
{
    struct dns_records *records = malloc(sizeof *records + DNS_ANSWER_BYTES_MAX);
    if (records != NULL)
        *records = (struct dns_records){ .users = 1 };
    return records;
}

/* Free the room that was not needed. */
static struct dns_records *fit_records(struct dns_records *records)
{
    struct dns_records *fitting = realloc(records, sizeof *records + records->len);
    return fitting != NULL ? fitting : records;
}

static void lessen(uint32_t *ttl, uint32_t other)
{
    if (other < *ttl)
        *ttl = other;
}

/*
 * Read the answers for this name once. Returns DNS_ANSWER_FOUND with records, DNS_ANSWER_ALIAS with the name
 * that it leads to, or DNS_ANSWER_NO_DATA.
 */
static err look(struct dns_reader r, const struct dns_name *name, uint16_t type, struct dns_answer *out)
{
    struct dns_record record;
    err e;
    out->kind = DNS_ANSWER_NO_DATA;
    while ((e = dns_read_record(&r, &record)) == OK && record.section == DNS_ANSWER) {
        if (record.class != DNS_IN || !dns_name_equal(&record.name, name))
            continue;
        if (record.type == type) {
            if (out->records == NULL && (out->records = new_records()) == NULL)
                return ERR_NO_MEMORY;
            TRY(add_record(out->records, &r, &record));
            lessen(&out->ttl, record.ttl);
            out->kind = DNS_ANSWER_FOUND;
        } else if (record.type == DNS_CNAME && out->kind == DNS_ANSWER_NO_DATA) {
            TRY(dns_data_name(&r, &record, &out->alias));
            lessen(&out->ttl, record.ttl);
            out->kind = DNS_ANSWER_ALIAS;
        }
    }
    return e == ERR_END ? OK : e;
}

/* How long the absence of the name may be cached (RFC 2308, section 5), and the upper bits of the code. */
static err look_behind(struct dns_reader r, const struct dns_name *name, bool *has_soa,
                       struct dns_answer *out)
{
    struct dns_record record;
    struct dns_soa soa;
    struct dns_edns edns;
    err e;
    *has_soa = false;
    while ((e = dns_read_record(&r, &record)) == OK) {
        if (record.section == DNS_AUTHORITY && record.type == DNS_SOA &&
            dns_name_is_below(name, &record.name)) {
            TRY(dns_data_soa(&r, &record, &soa));
            lessen(&out->ttl, record.ttl);
            lessen(&out->ttl, soa.minimum);
            *has_soa = true;
        } else if (record.section == DNS_ADDITIONAL && dns_data_edns(&record, &edns) == OK) {
            out->rcode |= (unsigned)edns.rcode_high << 4;
        }
    }
    return e == ERR_END ? OK : e;
}

static err read_chain(const struct dns_reader *r, const struct dns_name *name, uint16_t type,
                      struct dns_answer *out)
{
    struct dns_name at = *name;
    bool has_soa;
    for (unsigned steps = 0;; steps++) {
        TRY(look(*r, &at, type, out));
        if (out->kind != DNS_ANSWER_ALIAS)
            break;
        out->aliased = true;
        at = out->alias;
        if (steps == DNS_ANSWER_CHAIN_MAX) {
            out->kind = DNS_ANSWER_FAILED;
            return OK;
        }
    }
    TRY(look_behind(*r, &at, &has_soa, out));
    if (out->kind == DNS_ANSWER_FOUND)
        return OK;
    out->alias = at;
    if (out->rcode == DNS_NXDOMAIN)
        out->kind = DNS_ANSWER_NO_NAME;
    else if (out->aliased && !has_soa)
        out->kind = DNS_ANSWER_ALIAS;
    else if (!has_soa && !r->header.recursion_available && !r->header.authoritative)
        /* A referral: the server does not know the answer and does not ask other servers for us. */
        out->kind = DNS_ANSWER_FAILED;
    if (out->kind != DNS_ANSWER_ALIAS) {
        lessen(&out->ttl, DNS_ANSWER_NEGATIVE_TTL_MAX);
        if (!has_soa)
            out->ttl = 0;
    }
    return OK;
}

err dns_answer_read(const struct dns_reader *r, const struct dns_name *name, uint16_t type,
                    struct dns_answer *out)
{
    *out = (struct dns_answer){ .ttl = INT32_MAX, .rcode = r->header.rcode };
    err e = read_chain(r, name, type, out);
    /* A truncated reply is read only as far as it goes, because the question will be asked again. */
    if (e == OK && out->rcode != DNS_NOERROR && out->rcode != DNS_NXDOMAIN)
        out->kind = DNS_ANSWER_FAILED;
    if (e == OK && out->kind == DNS_ANSWER_FOUND) {
        /* All records may have been ones that don't count. */
        if (out->records->count == 0)
            out->kind = DNS_ANSWER_NO_DATA, out->ttl = 0;
        else
            out->records = fit_records(out->records);
    }
    if (e != OK || out->kind != DNS_ANSWER_FOUND) {
        dns_records_release(out->records);
        out->records = NULL;
    }
    return e;
}
