/* Scanning, lists, numbers, dates and the chunked coding. */
#include "test/support/http.h"

#include <base/http/chunked.h>
#include <base/http/date.h>

static void test_skip_value(void **state)
{
    (void)state;
    /* Every byte at every place of a word, against the table. */
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 20; at++) {
            char text[24];
            memset(text, 'a', sizeof text);
            text[at] = (char)byte;
            text[at / 2] = '\t';
            text[at] = (char)byte;
            const char *expected = http_is((char)byte, HTTP_VALUE) ? text + 20 : text + at;
            assert_ptr_equal(http_skip_value(text, text + 20), expected);
        }
}

static void test_writing(void **state)
{
    (void)state;
    char out[16];
    assert_true(http_is_value("") && http_is_value("a b\tc") && http_is_value("caf\xc3\xa9, long enough"));
    assert_false(http_is_value("a\r\nSet-Cookie: b") || http_is_value("a\n") ||
                 http_is_value("a value with \x7f"));
    char *p = http_put_string(http_put(out, "abc", 2), "-c");
    assert_ptr_equal(p, out + 4);
    assert_memory_equal(out, "ab-c", 4);
}

static void test_classes(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        bool token =
            c < 128 &&
            strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c);
        assert_int_equal(http_is((char)c, HTTP_TCHAR), token);
        assert_int_equal(http_is((char)c, HTTP_VALUE), c == '\t' || (c >= ' ' && c != 127));
    }
    assert_false(http_is('\0', HTTP_VALUE) || http_is('\0', HTTP_TCHAR));
}

static void test_list(void **state)
{
    (void)state;
    struct http_text list = TEXT(" a ,\t,b c,"), item;
    static const char *const expected[] = { "a", "", "b c", "" };
    for (size_t i = 0; i < 4; i++) {
        assert_true(http_list_next(&list, &item));
        assert_text(item, expected[i]);
    }
    assert_false(http_list_next(&list, &item));
}

static void test_numbers(void **state)
{
    (void)state;
    int64_t n;
    char text[24];
    assert_true(http_number(TEXT("9223372036854775807"), &n) && n == INT64_MAX);
    assert_false(http_number(TEXT("9223372036854775808"), &n));
    assert_false(http_number(TEXT(""), &n) || http_number(TEXT("-1"), &n) || http_number(TEXT("1a"), &n));
    *http_put_number(text, UINT64_MAX) = '\0';
    assert_string_equal(text, "18446744073709551615");
    *http_put_number(text, 0) = '\0';
    assert_string_equal(text, "0");
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } dates[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },  { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },       { "Sun Nov 16 08:49:37 1994", 784975777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },          { "Tue, 29 Feb 2000 23:59:59 GMT", 951868799 },
        { "Thu, 29 Feb 2024 00:00:00 GMT", 1709164800 }, { "Fri, 31 Dec 2100 00:00:00 GMT", 4133894400 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
    };
    int64_t now = 1700000000, seconds;
    char text[HTTP_DATE_SIZE];
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct http_text date = { dates[i].text, strlen(dates[i].text) };
        assert_true(http_date_parse(date, now, &seconds));
        assert_int_equal(seconds, dates[i].seconds);
        http_date_format(text, seconds);
        if (strlen(dates[i].text) == HTTP_DATE_SIZE - 1 && dates[i].text[3] == ',')
            assert_string_equal(text, dates[i].text);
    }
    /* Every day of five centuries survives writing and reading. */
    for (int64_t day = -100000; day < 100000; day++) {
        struct http_civil civil = http_civil(day);
        assert_int_equal(http_days(civil), day);
    }
    static const char *const broken[] = {
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 EST",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Thu, 29 Feb 2100 00:00:00 GMT",
        "Foo, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "06-Nov-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:61 GMT",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(http_date_parse((struct http_text){ broken[i], strlen(broken[i]) }, now, &seconds));
    assert_true(http_date_parse(TEXT("Sunday, 06-Nov-72 08:49:37 GMT"), now, &seconds) && seconds > now);
    assert_true(http_date_parse(TEXT("Sunday, 06-Nov-74 08:49:37 GMT"), now, &seconds) && seconds < now);
}

/* Decode `text` in pieces. Returns the content, or "bad" or "more" when it is not complete. */
static const char *decode(const char *text, size_t piece)
{
    static char out[32768];
    struct http_chunked c = { 0 };
    size_t len = strlen(text), at = 0, known = 0, n = 0, skip, run;
    for (;;) {
        switch (http_chunk_next(&c, text + at, known - at, &skip, &run)) {
        case HTTP_CHUNK_BAD: return "bad";
        case HTTP_CHUNK_DONE:
            assert_int_equal(at + skip, len);
            out[n] = '\0';
            return out;
        case HTTP_CHUNK_RUN:
            memcpy(out + n, text + at + skip, run);
            n += run;
            break;
        case HTTP_CHUNK_MORE:
            if (known == len)
                return "more";
            known = len - known < piece ? len : known + piece;
            break;
        }
        at += skip + run;
    }
}

static void test_chunked(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        { "0\r\n\r\n", "" },
        { "3\r\nabc\r\n0\r\n\r\n", "abc" },
        { "a\r\n0123456789\r\nA\r\n9876543210\r\n00\r\n\r\n", "01234567899876543210" },
        { "3;x\r\nabc\r\n0;y=\"z;\"\r\nT: u\r\nV:\r\n\r\n", "abc" },
        { "3 \t;x\r\nabc\r\n0\r\n\r\n", "abc" },
        { "3\r\nab", "more" },
        { "3\r\nabc\r\n", "more" },
        { "0\r\n", "more" },
        { "0\r\nT: u\r\n", "more" },
        { "\r\n", "bad" },
        { "g\r\n", "bad" },
        { "3 \r\nabc\r\n0\r\n\r\n", "bad" },
        { " 3\r\nabc\r\n", "bad" },
        { "0x3\r\nabc\r\n", "bad" },
        { "-3\r\n", "bad" },
        { "3\nabc\r\n", "bad" },
        { "3\rabc", "bad" },
        { "3\r\nabcd\r\n", "bad" },
        { "3\r\nabc\n0\r\n\r\n", "bad" },
        { "3\r\nabc\rx", "bad" },
        { "3;\001\r\n", "bad" },
        { "0\r\n T: u\r\n\r\n", "bad" },
        { "0\r\nT u\r\n\r\n", "bad" },
        { "0\r\nT: u\n", "bad" },
        { "0\r\n\rx", "bad" },
        { "0\r\nT: u\rx", "bad" },
        { "3;a\nb", "bad" },
        { "ffffffffffffffff\r\n", "bad" },
        { "0000000000000001\r\n", "bad" },
        { "000000000000001\r\na\r\n0\r\n\r\n", "a" },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        for (size_t piece = 1; piece < 40; piece += 3)
            assert_string_equal(decode(vectors[i][0], piece), vectors[i][1]);

    char extra[HTTP_CHUNK_EXTRA_MAX + 64];
    memset(extra, 'x', sizeof extra);
    memcpy(extra, "0;", 2);
    strcpy(extra + HTTP_CHUNK_EXTRA_MAX - 4, "\r\n\r\n");
    assert_string_equal(decode(extra, 1000), "");
    memset(extra, 'x', sizeof extra);
    memcpy(extra, "0;", 2);
    strcpy(extra + HTTP_CHUNK_EXTRA_MAX + 4, "\r\n\r\n");
    assert_string_equal(decode(extra, 1000), "bad");
}

static void test_chunk_head(void **state)
{
    (void)state;
    char line[HTTP_CHUNK_HEAD_SIZE + 1];
    line[http_chunk_head(line, 0x1f, true)] = '\0';
    assert_string_equal(line, "1f\r\n");
    line[http_chunk_head(line, UINT64_MAX, false)] = '\0';
    assert_string_equal(line, "\r\nffffffffffffffff\r\n");
    line[http_chunk_head(line, 0, false)] = '\0';
    assert_string_equal(line, "\r\n0\r\n");
}

TEST_MAIN(cmocka_unit_test(test_skip_value), cmocka_unit_test(test_writing), cmocka_unit_test(test_classes),
          cmocka_unit_test(test_list), cmocka_unit_test(test_numbers), cmocka_unit_test(test_dates),
          cmocka_unit_test(test_chunked), cmocka_unit_test(test_chunk_head))
