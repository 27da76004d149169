#include "test/support/test.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <base/ip/ip.h>

static err parse(struct ip_addr *out, const char *text)
{
    return ip_parse(out, text, strlen(text));
}

static void formats_canonically(void **state)
{
    static const struct {
        const char *in, *out;
    } vectors[] = {
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "10.0.0.2", "10.0.0.2" },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "0:0:0:0:0:0:0:0", "::" },
        { "2001:db8::1", "2001:db8::1" },
        { "2001:DB8::ABCD", "2001:db8::abcd" },
        { "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
        /* RFC 5952: one group is not shortened; the longest run is, or the first of them. */
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
        { "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
        { "1:0:0:0:0:0:0:0", "1::" },
        { "fe80::1:0:0:0", "fe80::1:0:0:0" },
        /* RFC 4291: IPv4 in the last 32 bits. */
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "::ffff:c000:201", "192.0.2.1" },
        { "::192.0.2.1", "::c000:201" },
        { "64:ff9b::192.0.2.33", "64:ff9b::192.0.2.33" },
        { "64:ff9b::", "64:ff9b::0.0.0.0" },
        { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_addr a;
        char text[IP_TEXT_SIZE];
        assert_int_equal(parse(&a, vectors[i].in), OK);
        assert_string_equal(ip_format(&a, text), vectors[i].out);
        assert_int_equal(parse(&a, text), OK);
    }
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        "1",
        "1.2.3",
        "1.2.3.",
        ".1.2.3.4",
        "1.2.3.4.",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.00",
        "1..2.3",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.-4",
        "+1.2.3.4",
        "0x1.2.3.4",
        "1.2.3.4567",
        ":",
        ":::",
        "1:",
        ":1",
        "1:2",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8:",
        ":1:2:3:4:5:6:7:8",
        "1::2::3",
        "1:2:3:4:5:6:7::8",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8",
        "12345::",
        "g::",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::01.2.3.4",
        "fe80::1%eth0",
        "::1/64",
        "::\n",
        "1:2:3:4:5:1.2.3.4",
        "1::2:",
        "::ffff:1.2.3.256",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct ip_addr a = IP_V4(9, 9, 9, 9);
        if (parse(&a, texts[i]) != ERR_FORMAT)
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(a.bytes[15], 9);
    }
    struct ip_addr a;
    assert_int_equal(ip_parse(&a, "1.2.3.4\0", 8), ERR_FORMAT);
    assert_int_equal(ip_parse(&a, "1.2.3.45", 7), OK);
    assert_int_equal(a.bytes[15], 4);
}

/* The C library is a second opinion on random text and random addresses. */
static void agrees_with_inet_pton(void **state)
{
    static const char letters[] = "0123456789abcdefABCF::::....";
    (void)state;
    srand(1);
    for (int i = 0; i < 200000; i++) {
        char text[48];
        uint8_t theirs[16];
        int len = rand() % 20;
        for (int j = 0; j < len; j++)
            text[j] = letters[rand() % (int)(sizeof letters - 1)];
        text[len] = '\0';
        struct ip_addr a;
        bool four = inet_pton(AF_INET, text, theirs) == 1;
        bool six = !four && inet_pton(AF_INET6, text, theirs) == 1;
        bool ours = parse(&a, text) == OK;
        if (ours != (four || six))
            fail_msg("'%s': inet_pton says %d", text, four || six);
        if (ours)
            assert_memory_equal(four ? a.bytes + 12 : a.bytes, theirs, four ? 4 : 16);
    }
    for (int i = 0; i < 100000; i++) {
        struct ip_addr a, b;
        char text[IP_TEXT_SIZE];
        for (int j = 0; j < 16; j++)
            a.bytes[j] = rand() % 3 == 0 ? (uint8_t)rand() : 0;
        ip_format(&a, text);
        assert_int_equal(parse(&b, text), OK);
        assert_true(ip_equal(&a, &b));
        assert_int_equal(ip_is_v4(&a) ? 1 : inet_pton(AF_INET6, text, b.bytes), 1);
    }
}

static void prefixes(void **state)
{
    static const struct {
        const char *in, *out;
    } vectors[] = {
        { "10.0.0.2/24", "10.0.0.2/24" },
        { "10.0.0.2", "10.0.0.2/32" },
        { "0.0.0.0/0", "0.0.0.0/0" },
        { "fe80::1/64", "fe80::1/64" },
        { "::/0", "::/0" },
        { "::1", "::1/128" },
        { "::1/128", "::1/128" },
        { "::ffff:10.0.0.1/120", "10.0.0.1/24" },
        { "::ffff:10.0.0.1", "10.0.0.1/32" },
        { "10.0.0.2/33", NULL },
        { "10.0.0.2/", NULL },
        { "10.0.0.2/-1", NULL },
        { "10.0.0.2/024", NULL },
        { "10.0.0.2/+8", NULL },
        { "10.0.0.2/8/8", NULL },
        { "::1/129", NULL },
        { "::1/1000", NULL },
        { "::ffff:10.0.0.1/24", NULL },
        { "/24", NULL },
        { "", NULL },
        { "10.0.0.2/a", NULL },
        { "10.0.0.2/2 ", NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct ip_cidr c;
        char text[IP_TEXT_SIZE];
        err e = ip_cidr_parse(&c, vectors[i].in, strlen(vectors[i].in));
        if (vectors[i].out == NULL) {
            if (e != ERR_FORMAT)
                fail_msg("'%s' was taken", vectors[i].in);
            continue;
        }
        assert_int_equal(e, OK);
        assert_string_equal(ip_cidr_format(&c, text), vectors[i].out);
    }
}

static bool contains(const char *cidr, const char *address)
{
    struct ip_cidr c;
    struct ip_addr a;
    assert_int_equal(ip_cidr_parse(&c, cidr, strlen(cidr)), OK);
    assert_int_equal(parse(&a, address), OK);
    return ip_cidr_contains(&c, &a);
}

static void containment(void **state)
{
    (void)state;
    assert_true(contains("10.0.0.0/8", "10.255.0.1"));
    assert_false(contains("10.0.0.0/8", "11.0.0.0"));
    assert_true(contains("10.0.0.128/25", "10.0.0.129"));
    assert_false(contains("10.0.0.128/25", "10.0.0.127"));
    assert_true(contains("10.0.0.1", "10.0.0.1"));
    assert_false(contains("10.0.0.1", "10.0.0.0"));
    assert_true(contains("0.0.0.0/0", "1.2.3.4"));
    assert_false(contains("0.0.0.0/0", "::1"));
    assert_false(contains("::/0", "1.2.3.4"));
    assert_true(contains("::/0", "fe80::1"));
    assert_true(contains("fe80::/10", "febf::1"));
    assert_false(contains("fe80::/10", "fec0::1"));
    assert_true(contains("::1/128", "::1"));
}

static void bounds_of_marks(void **state)
{
    char text[IP_MARKS_TEXT];
    (void)state;
    assert_true(ip_marks_valid(0, 0, text));
    assert_true(ip_marks_valid(63, 255, text));
    assert_true(ip_marks_valid(46, 1, text));
    assert_false(ip_marks_valid(64, 1, text));
    assert_string_equal(text, "there is no DSCP 64: give one of 0 to 63 (RFC 2474)");
    assert_false(ip_marks_valid(-1, 1, text));
    assert_string_equal(text, "there is no DSCP -1: give one of 0 to 63 (RFC 2474)");
    assert_false(ip_marks_valid(0, 256, text));
    assert_string_equal(text,
                        "there is no hop limit of 256: give one of 1 to 255, or 0 for the host's default");
    assert_false(ip_marks_valid(0, INT_MIN, text));
    assert_string_equal(
        text, "there is no hop limit of -2147483648: give one of 1 to 255, or 0 for the host's default");
    assert_true(strlen(text) < IP_MARKS_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_canonically),   cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(agrees_with_inet_pton), cmocka_unit_test(prefixes),
        cmocka_unit_test(containment),           cmocka_unit_test(bounds_of_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
