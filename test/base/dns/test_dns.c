/* base/dns and what dns_client reads in replies: vectors by hand. */
#include "test/support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include <base/dns/answer.h>

static struct dns_name name_of(const char *text)
{
    struct dns_name name;
    assert_int_equal(dns_name_from_text(&name, text, strlen(text)), OK);
    return name;
}

static void texts_of_names(void **state)
{
    static const char *const good[][2] = {
        { ".", "." },
        { "a", "a" },
        { "a.", "a" },
        { "www.Example.com", "www.Example.com" },
        { "a\\.b.c", "a\\.b.c" },
        { "a\\032b", "a\\032b" },
        { "a\\097b", "aab" },
        { "\\000", "\\000" },
        { "_ldap._tcp.x", "_ldap._tcp.x" },
        { "\\\\", "\\\\" },
        { "\\@", "\\@" },
        { "x\\255", "x\\255" },
    };
    static const char *const bad[] = { "", "..", "a..b", ".a", "\\", "a\\25", "a\\256", "\\999", "a\\1" };
    char text[DNS_TEXT_SIZE], longest[300];
    struct dns_name name;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        name = name_of(good[i][0]);
        assert_int_equal(dns_name_to_text(&name, text), strlen(good[i][1]));
        assert_string_equal(text, good[i][1]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(dns_name_from_text(&name, bad[i], strlen(bad[i])), ERR_FORMAT);
    /* A label of 63 and one of 64; a name of 255 bytes and one of 256. */
    memset(longest, 'a', sizeof longest);
    assert_int_equal(dns_name_from_text(&name, longest, 63), OK);
    assert_int_equal(dns_name_from_text(&name, longest, 64), ERR_TOO_LARGE);
    for (size_t i = 63; i < sizeof longest; i += 64)
        longest[i] = '.';
    assert_int_equal(dns_name_from_text(&name, longest, 253), OK);
    assert_int_equal(name.len, 255);
    assert_int_equal(dns_name_from_text(&name, longest, 254), ERR_TOO_LARGE);
    memset(&name.wire, 0, sizeof name.wire);
}

static void relations_of_names(void **state)
{
    struct dns_name a = name_of("www.Example.COM"), b = name_of("WWW.example.com"),
                    c = name_of("example.com"), root = name_of(".");
    struct dns_name other = name_of("badexample.com");
    (void)state;
    assert_true(dns_name_equal(&a, &b) && !dns_name_same(&a, &b) && !dns_name_equal(&a, &c));
    assert_true(dns_name_is_below(&a, &c) && dns_name_is_below(&a, &a) && dns_name_is_below(&a, &root));
    assert_false(dns_name_is_below(&c, &a) || dns_name_is_below(&other, &c));
    assert_int_equal(dns_name_labels(&a), 3);
    assert_int_equal(dns_name_labels(&root), 0);
    struct dns_name host = name_of("www");
    assert_int_equal(dns_name_append(&host, &c), OK);
    assert_true(dns_name_equal(&host, &a));
    while (dns_name_append(&host, &c) == OK)
        continue;
    assert_true(host.len > 240);
}

static void names_of_addresses(void **state)
{
    char text[DNS_TEXT_SIZE];
    struct dns_name name;
    struct ip_addr v4 = IP_V4(192, 0, 2, 130), v6;
    (void)state;
    dns_name_of_address(&name, &v4);
    dns_name_to_text(&name, text);
    assert_string_equal(text, "130.2.0.192.in-addr.arpa");
    assert_int_equal(ip_parse(&v6, "2001:db8::567:89ab", 18), OK);
    dns_name_of_address(&name, &v6);
    dns_name_to_text(&name, text);
    assert_string_equal(text, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

/* Read a name at `at` in these bytes. */
static err read_at(const char *bytes, size_t len, size_t at, const char *expected, size_t behind)
{
    struct dns_name name;
    char text[DNS_TEXT_SIZE];
    uint8_t *exact = malloc(len);
    memcpy(exact, bytes, len);
    err e = dns_name_read(exact, len, &at, &name);
    free(exact);
    if (e == OK) {
        dns_name_to_text(&name, text);
        assert_string_equal(text, expected);
        assert_int_equal(at, behind);
    }
    return e;
}

static void compression(void **state)
{
    (void)state;
    assert_int_equal(read_at("\1a\1b\0", 5, 0, "a.b", 5), OK);
    assert_int_equal(read_at("\1a\1b\0\1c\300\0", 9, 5, "c.a.b", 9), OK);
    assert_int_equal(read_at("\1a\1b\0\300\2", 7, 5, "b", 7), OK);
    assert_int_equal(read_at("\1a\0\300\0\300\3", 7, 5, "a", 7), OK);
    /* A pointer to itself, forwards, in a circle, beyond the end. */
    assert_int_equal(read_at("\300\0", 2, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\1a\300\0", 4, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\1a\300\0", 4, 2, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\300\2\1a\0", 5, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\300\2\300\0", 4, 2, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\0\300\100", 3, 1, "", 0), ERR_FORMAT);
    /* Names that are cut short, and reserved kinds of label. */
    assert_int_equal(read_at("\1a", 2, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\2a", 2, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\300", 1, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\100a\0", 3, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("\200a\0", 3, 0, "", 0), ERR_FORMAT);
    assert_int_equal(read_at("", 0, 0, "", 0), ERR_FORMAT);
    /* Pointers that form a name of more than 255 bytes. */
    uint8_t large[600];
    size_t n = 0, at, before = 0;
    struct dns_name name;
    for (int i = 0; i < 6; i++) {
        at = n;
        large[n++] = 50;
        memset(large + n, 'a', 50);
        n += 50;
        if (i == 0) {
            large[n++] = 0;
        } else {
            large[n++] = 0xc0 | (uint8_t)(before >> 8);
            large[n++] = (uint8_t)before;
        }
        before = at;
        assert_int_equal(dns_name_read(large, n, &at, &name), i < 4 ? OK : ERR_FORMAT);
    }
}

static struct dns_header reply_header(uint8_t rcode)
{
    return (struct dns_header){
        .id = 7, .response = true, .recursion_desired = true, .recursion_available = true, .rcode = rcode
    };
}

static void messages(void **state)
{
    uint8_t message[512];
    struct dns_writer w;
    struct dns_reader r;
    struct dns_header header = { .id = 0x1234,
                                 .authentic = true,
                                 .checking_disabled = true,
                                 .opcode = 4,
                                 .rcode = 9,
                                 .authoritative = true };
    struct dns_question question = { name_of("a.test"), DNS_A, DNS_IN }, asked;
    struct dns_record record;
    struct dns_name owner = name_of("b.a.test"), found;
    struct dns_srv srv = { 1, 2, 3, name_of("c.a.test") }, srv_read;
    struct dns_soa soa = { name_of("ns.a.test"), name_of("root.a.test"), 1, 2, 3, 4, UINT32_MAX }, soa_read;
    struct dns_edns edns = { 1232, 1, 2, true }, edns_read = { 0 };
    struct ip_addr v4 = IP_V4(192, 0, 2, 1), addr;
    uint8_t text[600];
    size_t len;
    (void)state;
    dns_write_begin(&w, message, sizeof message, &header);
    dns_write_question(&w, &question);
    dns_write_address(&w, DNS_ANSWER, &owner, 5, &v4);
    dns_write_name(&w, DNS_ANSWER, &owner, DNS_CNAME, UINT32_MAX, &question.name);
    dns_write_srv(&w, DNS_ANSWER, &owner, 6, &srv);
    memset(text, 'x', 300);
    dns_write_text(&w, &owner, 7, (char *)text, 300);
    dns_write_soa(&w, DNS_AUTHORITY, &owner, 8, &soa);
    len = w.len;
    dns_write_text(&w, &owner, 7, (char *)text, 300);
    assert_true(w.full && w.len == len);
    w.full = false;
    dns_write_edns(&w, &edns);
    len = dns_write_end(&w);
    assert_int_equal(dns_read_begin(&r, message, len), OK);
    assert_true(r.header.truncated && r.header.authentic && r.header.checking_disabled &&
                r.header.authoritative && !r.header.response);
    assert_int_equal(r.header.id, 0x1234);
    assert_int_equal(r.header.opcode, 4);
    assert_int_equal(r.header.rcode, 9);
    assert_int_equal(dns_read_question(&r, &asked), OK);
    assert_true(dns_name_same(&asked.name, &question.name) && asked.type == DNS_A && asked.class == DNS_IN);
    assert_int_equal(dns_read_question(&r, &asked), ERR_END);
    assert_int_equal(dns_read_record(&r, &record), OK);
    assert_int_equal(dns_data_address(&r, &record, &addr), OK);
    assert_true(ip_equal(&addr, &v4) && record.ttl == 5 && record.section == DNS_ANSWER &&
                dns_name_same(&record.name, &owner));
    assert_int_equal(dns_read_record(&r, &record), OK);
    assert_int_equal(record.ttl, 0);
    assert_int_equal(record.len, 2);
    assert_int_equal(dns_data_name(&r, &record, &found), OK);
    assert_true(dns_name_same(&found, &question.name));
    assert_int_equal(dns_data_address(&r, &record, &addr), ERR_FORMAT);
    assert_int_equal(dns_read_record(&r, &record), OK);
    assert_int_equal(dns_data_srv(&r, &record, &srv_read), OK);
    assert_true(srv_read.port == 3 && srv_read.weight == 2 && dns_name_same(&srv_read.target, &srv.target));
    assert_int_equal(record.len, 6 + srv.target.len);
    assert_int_equal(dns_read_record(&r, &record), OK);
    uint8_t joined[600];
    assert_int_equal(dns_data_text(&r, &record, joined, &len), OK);
    assert_int_equal(len, 300);
    assert_int_equal(dns_read_record(&r, &record), OK);
    assert_true(record.section == DNS_AUTHORITY);
    assert_int_equal(dns_data_soa(&r, &record, &soa_read), OK);
    assert_true(soa_read.minimum == UINT32_MAX && soa_read.serial == 1 &&
                dns_name_same(&soa_read.mailbox, &soa.mailbox));
    assert_int_equal(dns_read_record(&r, &record), OK);
    assert_int_equal(dns_data_edns(&record, &edns_read), OK);
    assert_true(edns_read.udp_size == 1232 && edns_read.rcode_high == 1 && edns_read.version == 2 &&
                edns_read.dnssec_ok);
    assert_int_equal(dns_read_record(&r, &record), ERR_END);
    assert_int_equal(dns_read_record(&r, &record), ERR_END);
    /* A message that is cut anywhere is refused. */
    size_t whole = dns_write_end(&w);
    for (size_t cut = 0; cut < whole; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1);
        memcpy(exact, message, cut);
        err e = dns_read_begin(&r, exact, cut);
        while (e == OK)
            e = dns_read_record(&r, &record);
        assert_int_equal(e, ERR_FORMAT);
        free(exact);
    }
}

/* A reply that is being built, to a question for the type A of "a.test". */
struct reply {
    uint8_t message[1024];
    struct dns_writer w;
    struct dns_query query;
};

static void begin(struct reply *reply, uint8_t rcode)
{
    struct dns_header header = reply_header(rcode);
    reply->query = (struct dns_query){ 7, DNS_A, name_of("a.test") };
    dns_write_begin(&reply->w, reply->message, sizeof reply->message, &header);
    dns_write_question(&reply->w, &(struct dns_question){ reply->query.name, DNS_A, DNS_IN });
}

static void alias(struct reply *reply, const char *from, const char *to, uint32_t ttl)
{
    struct dns_name a = name_of(from), b = name_of(to);
    dns_write_name(&reply->w, DNS_ANSWER, &a, DNS_CNAME, ttl, &b);
}

static void address(struct reply *reply, const char *name, uint8_t last, uint32_t ttl)
{
    struct dns_name a = name_of(name);
    struct ip_addr addr = IP_V4(192, 0, 2, last);
    dns_write_address(&reply->w, DNS_ANSWER, &a, ttl, &addr);
}

static void soa(struct reply *reply, const char *zone, uint32_t ttl, uint32_t minimum)
{
    struct dns_name name = name_of(zone);
    struct dns_soa data = { .primary = name, .mailbox = name, .minimum = minimum };
    dns_write_soa(&reply->w, DNS_AUTHORITY, &name, ttl, &data);
}

static struct dns_answer answer_of(struct reply *reply)
{
    struct dns_reader r;
    struct dns_answer answer;
    size_t len = dns_write_end(&reply->w);
    assert_int_equal(dns_answer_fit(&reply->query, reply->message, len, &r), DNS_ANSWER_FITS);
    assert_int_equal(dns_answer_read(&r, &reply->query.name, DNS_A, &answer), OK);
    return answer;
}

static void found(void **state)
{
    struct reply reply;
    (void)state;
    begin(&reply, 0);
    address(&reply, "other.test", 66, 60); /* nobody asked about it */
    alias(&reply, "A.test", "b.test", 50);
    address(&reply, "c.test", 1, 70); /* records may come in any order */
    alias(&reply, "b.test", "C.test", 40);
    address(&reply, "c.test", 2, 70);
    struct dns_answer answer = answer_of(&reply);
    assert_int_equal(answer.kind, DNS_ANSWER_FOUND);
    assert_true(answer.ttl == 40 && answer.aliased && answer.records->count == 2);
    size_t at = 0, len;
    assert_int_equal(dns_records_next(answer.records, &at, &len)[3], 1);
    assert_int_equal(dns_records_next(answer.records, &at, &len)[3], 2);
    assert_int_equal(len, 4);
    assert_null(dns_records_next(answer.records, &at, &len));
    dns_records_release(answer.records);
    begin(&reply, 0);
    for (int i = 0; i < 40; i++)
        address(&reply, "a.test", (uint8_t)i, 60);
    answer = answer_of(&reply);
    assert_int_equal(answer.records->count, 40);
    dns_records_release(answer.records);
}

static void not_found(void **state)
{
    struct reply reply;
    struct dns_answer answer;
    (void)state;
    begin(&reply, DNS_NXDOMAIN);
    soa(&reply, "test", 100, 30);
    answer = answer_of(&reply);
    assert_true(answer.kind == DNS_ANSWER_NO_NAME && answer.ttl == 30);
    begin(&reply, 0);
    soa(&reply, "test", 20, 30);
    answer = answer_of(&reply);
    assert_true(answer.kind == DNS_ANSWER_NO_DATA && answer.ttl == 20);
    begin(&reply, 0);
    soa(&reply, "test", 1000000, 1000000);
    answer = answer_of(&reply);
    assert_true(answer.ttl == DNS_ANSWER_NEGATIVE_TTL_MAX);
    /* A negative answer is not cached without an SOA, or with the SOA of another zone. */
    begin(&reply, DNS_NXDOMAIN);
    answer = answer_of(&reply);
    assert_true(answer.kind == DNS_ANSWER_NO_NAME && answer.ttl == 0);
    begin(&reply, DNS_NXDOMAIN);
    soa(&reply, "example", 100, 30);
    assert_int_equal(answer_of(&reply).ttl, 0);
    begin(&reply, DNS_NXDOMAIN);
    alias(&reply, "a.test", "b.test", 60);
    soa(&reply, "test", 100, 30);
    answer = answer_of(&reply);
    assert_true(answer.kind == DNS_ANSWER_NO_NAME && answer.aliased);
    begin(&reply, 0);
    alias(&reply, "a.test", "b.example", 60);
    answer = answer_of(&reply);
    assert_true(answer.kind == DNS_ANSWER_ALIAS);
    struct dns_name b = name_of("b.example");
    assert_true(dns_name_equal(&answer.alias, &b));
}

static void failed(void **state)
{
    struct reply reply;
    struct dns_edns edns = { 1232, 1, 0, false };
    struct dns_answer answer;
    (void)state;
    for (uint8_t rcode = 1; rcode < 16; rcode++) {
        begin(&reply, rcode);
        address(&reply, "a.test", 1, 60);
        answer = answer_of(&reply);
        if (rcode != DNS_NXDOMAIN)
            assert_true(answer.kind == DNS_ANSWER_FAILED && answer.rcode == rcode && answer.records == NULL);
        dns_records_release(answer.records);
    }
    begin(&reply, 0);
    dns_write_edns(&reply.w, &edns);
    answer = answer_of(&reply);
    assert_true(answer.kind == DNS_ANSWER_FAILED && answer.rcode == DNS_BADVERS);
    begin(&reply, 0);
    alias(&reply, "a.test", "b.test", 60);
    alias(&reply, "b.test", "a.test", 60);
    assert_int_equal(answer_of(&reply).kind, DNS_ANSWER_FAILED);
    begin(&reply, 0);
    reply.w.header.recursion_available = false;
    assert_int_equal(answer_of(&reply).kind, DNS_ANSWER_FAILED);
}

static void fits(void **state)
{
    struct reply reply;
    struct dns_reader r;
    (void)state;
    begin(&reply, 0);
    size_t len = dns_write_end(&reply.w);
    assert_int_equal(dns_answer_fit(&reply.query, reply.message, len, &r), DNS_ANSWER_FITS);
    reply.query.name = name_of("A.test");
    assert_int_equal(dns_answer_fit(&reply.query, reply.message, len, &r), DNS_ANSWER_OTHER_CASE);
    reply.query.name = name_of("b.test");
    assert_int_equal(dns_answer_fit(&reply.query, reply.message, len, &r), DNS_ANSWER_ALIEN);
    begin(&reply, 0);
    reply.query.id = 8;
    assert_int_equal(dns_answer_fit(&reply.query, reply.message, len, &r), DNS_ANSWER_ALIEN);
    begin(&reply, 0);
    reply.query.type = DNS_AAAA;
    assert_int_equal(dns_answer_fit(&reply.query, reply.message, len, &r), DNS_ANSWER_ALIEN);
    begin(&reply, 0);
    reply.message[2] &= 0x7f;
    assert_int_equal(dns_answer_fit(&reply.query, reply.message, len, &r), DNS_ANSWER_ALIEN);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(dns_answer_fit(&reply.query, reply.message, cut, &r), DNS_ANSWER_ALIEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_names),
        cmocka_unit_test(relations_of_names),
        cmocka_unit_test(names_of_addresses),
        cmocka_unit_test(compression),
        cmocka_unit_test(messages),
        cmocka_unit_test(found),
        cmocka_unit_test(not_found),
        cmocka_unit_test(failed),
        cmocka_unit_test(fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
