/* Fuzzes DNS messages. What is read lies within its bounds, and reads the same after it is written. */
#include <stdlib.h>
#include <string.h>

#include <base/dns/answer.h>

#include "../check.h"

enum { ROOM = 4096, RECORDS = 64 };

/* Check that a name is well formed, and that parsing its text gives the same name. */
static void check_name(const struct dns_name *name)
{
    char text[DNS_TEXT_SIZE];
    struct dns_name again;
    size_t at = 0;
    while (at < name->len && name->wire[at] != 0) {
        CHECK(name->wire[at] <= DNS_LABEL_MAX);
        at += 1u + name->wire[at];
    }
    CHECK(at + 1 == name->len);
    size_t len = dns_name_to_text(name, text);
    CHECK(len < DNS_TEXT_SIZE && strlen(text) == len);
    CHECK(dns_name_from_text(&again, text, len) == OK);
    CHECK(dns_name_same(name, &again) && dns_name_equal(name, &again) && dns_name_is_below(name, &again));
    CHECK(dns_name_labels(name) <= 127);
}

/*
 * Write a record. False when its data contains compressed names, which mean something else at another place.
 */
static bool write_record(struct dns_writer *w, const struct dns_reader *r, const struct dns_record *record)
{
    struct dns_name name;
    struct dns_srv srv;
    struct dns_soa soa;
    struct ip_addr addr;
    uint8_t *text = malloc(record->len + 1u);
    bool whole = true;
    size_t len;
    if (record->class == DNS_IN && record->type == DNS_SRV && dns_data_srv(r, record, &srv) == OK) {
        check_name(&srv.target);
        dns_write_srv(w, record->section, &record->name, record->ttl, &srv);
    } else if (record->class == DNS_IN && record->type == DNS_SOA && dns_data_soa(r, record, &soa) == OK) {
        check_name(&soa.mailbox);
        dns_write_soa(w, record->section, &record->name, record->ttl, &soa);
    } else if (record->class == DNS_IN && record->type == DNS_CNAME &&
               dns_data_name(r, record, &name) == OK) {
        check_name(&name);
        dns_write_name(w, record->section, &record->name, record->type, record->ttl, &name);
    } else if (record->class == DNS_IN && dns_data_address(r, record, &addr) == OK &&
               ip_is_v4(&addr) == (record->type == DNS_A)) {
        dns_write_address(w, record->section, &record->name, record->ttl, &addr);
    } else {
        if (record->type == DNS_TXT && dns_data_text(r, record, text, &len) == OK)
            CHECK(len <= record->len);
        dns_write_record(w, record->section, &record->name, record->type, record->ttl,
                         r->message + record->data, record->len);
        whole = record->type != DNS_CNAME && record->type != DNS_SRV && record->type != DNS_SOA;
    }
    free(text);
    return whole;
}

/*
 * Write all records of a message again. Returns how many there were. `plain` is set when no record's data had
 * compressed names.
 */
static size_t copy(const uint8_t *message, size_t len, uint8_t *out, size_t room, size_t *out_len,
                   bool *plain)
{
    struct dns_reader r;
    struct dns_writer w;
    struct dns_question question;
    struct dns_record record;
    size_t count = 0;
    *out_len = 0;
    *plain = true;
    if (dns_read_begin(&r, message, len) != OK)
        return 0;
    dns_write_begin(&w, out, room, &r.header);
    err e;
    while ((e = dns_read_question(&r, &question)) == OK) {
        check_name(&question.name);
        dns_write_question(&w, &question);
    }
    if (e != ERR_END)
        return 0;
    while (count < RECORDS && !w.full && dns_read_record(&r, &record) == OK) {
        CHECK(record.data + record.len <= len && record.section > DNS_QUESTION);
        check_name(&record.name);
        *plain &= write_record(&w, &r, &record);
        count++;
    }
    *out_len = dns_write_end(&w);
    CHECK(*out_len <= room);
    return w.full ? 0 : count;
}

/* Check that two messages have the same records, apart from how names are compressed. */
static void compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, size_t count)
{
    struct dns_reader ra, rb;
    struct dns_record x, y;
    CHECK(dns_read_begin(&ra, a, a_len) == OK && dns_read_begin(&rb, b, b_len) == OK);
    for (size_t i = 0; i < count; i++) {
        CHECK(dns_read_record(&ra, &x) == OK && dns_read_record(&rb, &y) == OK);
        CHECK(x.section == y.section && x.type == y.type && x.ttl == y.ttl &&
              dns_name_same(&x.name, &y.name));
    }
}

static void check_answer(const uint8_t *message, size_t len)
{
    static const uint16_t types[] = { DNS_A, DNS_AAAA, DNS_SRV, DNS_TXT, DNS_PTR };
    struct dns_reader r;
    struct dns_question question;
    if (dns_read_begin(&r, message, len) != OK || dns_read_question(&r, &question) != OK)
        return;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct dns_query query = { r.header.id, types[i], question.name };
        struct dns_answer answer;
        struct dns_reader at;
        if (dns_answer_fit(&query, message, len, &at) == DNS_ANSWER_ALIEN)
            at = r;
        if (dns_answer_read(&at, &query.name, types[i], &answer) != OK)
            continue;
        CHECK((answer.kind == DNS_ANSWER_FOUND) == (answer.records != NULL));
        size_t where = 0, n, count = 0;
        const uint8_t *data;
        while (answer.records != NULL && (data = dns_records_next(answer.records, &where, &n)) != NULL) {
            CHECK(n <= DNS_ANSWER_BYTES_MAX && (n == 0 || data[n - 1] + 1 > 0));
            count++;
        }
        CHECK(answer.records == NULL || (count == answer.records->count && count > 0));
        dns_records_release(answer.records);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    /* Both buffers have the exact size, so that the sanitizer reports a byte past their end. */
    uint8_t *message = malloc(size), *out = malloc(ROOM);
    size_t len;
    bool plain;
    memcpy(message, input, size);
    size_t count = copy(message, size, out, ROOM, &len, &plain);
    if (count > 0) {
        uint8_t *second = malloc(ROOM);
        size_t second_len;
        compare(message, size, out, len, count);
        if (plain)
            CHECK(copy(out, len, second, ROOM, &second_len, &plain) == count && second_len == len &&
                  memcmp(out, second, len) == 0);
        free(second);
    }
    check_answer(message, size);
    struct dns_name name;
    if (dns_name_from_text(&name, (const char *)message, size) == OK)
        check_name(&name);
    free(out);
    free(message);
    return 0;
}
