/* Conditions, ranges and codings, by the rules of RFC 9110. */
#include "test/support/http.h"

#include <base/http/asked.h>

#define MODIFIED 784111777
#define AT "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static enum http_verdict conditions(enum http_method method, const char *const *lines)
{
    struct made_request made;
    return http_conditions(make_request(&made, method, lines), "\"a\"", MODIFIED, MODIFIED);
}

static void test_conditions(void **state)
{
    (void)state;
    static const struct {
        enum http_verdict verdict;
        const char *lines[5];
    } vectors[] = {
        { HTTP_PROCEED, { "Host: a" } },
        { HTTP_PROCEED, { "If-Match: \"a\"" } },
        { HTTP_PROCEED, { "If-Match: *" } },
        { HTTP_PROCEED, { "If-Match: \"b\", \"a\"" } },
        { HTTP_PROCEED, { "If-Match: \"b\"", "If-Match: \"a\"" } },
        { HTTP_FAILED, { "If-Match: \"b\"" } },
        { HTTP_FAILED, { "If-Match: W/\"a\"" } },
        { HTTP_FAILED, { "If-Match: a" } },
        { HTTP_FAILED, { "If-Match:  " } },
        { HTTP_PROCEED, { "If-Unmodified-Since: " AT } },
        { HTTP_PROCEED, { "If-Unmodified-Since: " AFTER } },
        { HTTP_PROCEED, { "If-Unmodified-Since: soon" } },
        { HTTP_FAILED, { "If-Unmodified-Since: " BEFORE } },
        { HTTP_PROCEED, { "If-Match: \"a\"", "If-Unmodified-Since: " BEFORE } },
        { HTTP_NOT_MODIFIED, { "If-None-Match: \"a\"" } },
        { HTTP_NOT_MODIFIED, { "If-None-Match: W/\"a\"" } },
        { HTTP_NOT_MODIFIED, { "If-None-Match: *" } },
        { HTTP_NOT_MODIFIED, { "If-None-Match: \"x,y\" , W/\"z\",\"a\"" } },
        { HTTP_PROCEED, { "If-None-Match: \"b\"" } },
        { HTTP_PROCEED, { "If-None-Match: \"a" } },
        { HTTP_NOT_MODIFIED, { "If-Modified-Since: " AT } },
        { HTTP_NOT_MODIFIED, { "If-Modified-Since: " AFTER } },
        { HTTP_PROCEED, { "If-Modified-Since: " BEFORE } },
        { HTTP_PROCEED, { "If-Modified-Since: never" } },
        { HTTP_PROCEED, { "If-None-Match: \"b\"", "If-Modified-Since: " AFTER } },
        { HTTP_FAILED, { "If-Match: \"b\"", "If-None-Match: \"a\"" } },
        { HTTP_NOT_MODIFIED, { "If-Match: \"a\"", "If-None-Match: \"a\"" } },
        { HTTP_FAILED, { "If-Unmodified-Since: " BEFORE, "If-Modified-Since: " AFTER } },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        assert_int_equal(conditions(HTTP_GET, vectors[i].lines), vectors[i].verdict);
        assert_int_equal(conditions(HTTP_HEAD, vectors[i].lines), vectors[i].verdict);
    }
    assert_int_equal(conditions(HTTP_PUT, LINES("If-None-Match: *")), HTTP_FAILED);
    assert_int_equal(conditions(HTTP_PUT, LINES("If-Modified-Since: " AFTER)), HTTP_PROCEED);
    struct made_request made;
    make_request(&made, HTTP_GET, LINES("If-Modified-Since: " AFTER));
    assert_int_equal(http_conditions(&made.request, "", 0, 0), HTTP_PROCEED);
}

static void test_if_range(void **state)
{
    (void)state;
    static const struct {
        bool counts;
        const char *line;
    } vectors[] = {
        { true, "Host: a" },
        { true, "If-Range: \"a\"" },
        { false, "If-Range: \"b\"" },
        { false, "If-Range: W/\"a\"" },
        { true, "If-Range: " AT },
        { false, "If-Range: " BEFORE },
        { false, "If-Range: " AFTER },
        { false, "If-Range: x" },
        { false, "If-Range: \"a\", \"b\"" },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct made_request made;
        make_request(&made, HTTP_GET, LINES(vectors[i].line));
        assert_int_equal(http_if_range(&made.request, "\"a\"", MODIFIED, MODIFIED + 1), vectors[i].counts);
    }
    /* A date of this very second may be that of two versions. */
    struct made_request made;
    make_request(&made, HTTP_GET, LINES("If-Range: " AT));
    assert_false(http_if_range(&made.request, "\"a\"", MODIFIED, MODIFIED));
}

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint64_t size;
        enum http_verdict verdict;
        const char *ranges;
    } vectors[] = {
        { "bytes=0-4", 10, HTTP_PARTIAL, "0+5" },
        { "bytes=0-9", 10, HTTP_PARTIAL, "0+10" },
        { "bytes=0-", 10, HTTP_PARTIAL, "0+10" },
        { "bytes=9-", 10, HTTP_PARTIAL, "9+1" },
        { "bytes=5-100", 10, HTTP_PARTIAL, "5+5" },
        { "bytes=5-99999999999999999999999", 10, HTTP_PARTIAL, "5+5" },
        { "bytes=-3", 10, HTTP_PARTIAL, "7+3" },
        { "bytes=-100", 10, HTTP_PARTIAL, "0+10" },
        { "bytes=-1", 1, HTTP_PARTIAL, "0+1" },
        { "BYTES=0-0", 10, HTTP_PARTIAL, "0+1" },
        { "bytes=0-0,-1", 10, HTTP_PARTIAL, "0+1 9+1" },
        { "bytes= 0-0 ,\t2-3", 10, HTTP_PARTIAL, "0+1 2+2" },
        { "bytes=,0-0", 10, HTTP_PARTIAL, "0+1" },
        { "bytes=0-0,20-30", 10, HTTP_PARTIAL, "0+1" },
        { "bytes=0-5,3-8", 10, HTTP_PARTIAL, "0+6 3+6" },
        { "bytes=10-", 10, HTTP_NO_RANGE, "" },
        { "bytes=99999999999999999999999-", 10, HTTP_NO_RANGE, "" },
        { "bytes=-0", 10, HTTP_NO_RANGE, "" },
        { "bytes=-0", 1, HTTP_NO_RANGE, "" },
        { "bytes=0-", 0, HTTP_NO_RANGE, "" },
        { "bytes=-1", 0, HTTP_NO_RANGE, "" },
        { "bytes=0-,0-,0-", 10, HTTP_NO_RANGE, "" },
        { "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16", 99,
          HTTP_NO_RANGE, "" },
        { "bytes=5-4", 10, HTTP_PROCEED, "" },
        { "bytes=", 10, HTTP_PROCEED, "" },
        { "bytes=,", 10, HTTP_PROCEED, "" },
        { "bytes=-", 10, HTTP_PROCEED, "" },
        { "bytes=a-b", 10, HTTP_PROCEED, "" },
        { "bytes=1", 10, HTTP_PROCEED, "" },
        { "bytes=1-2-3", 10, HTTP_PROCEED, "" },
        { "bytes=0-0,x", 10, HTTP_PROCEED, "" },
        { "bytes =0-0", 10, HTTP_PROCEED, "" },
        { "lines=0-0", 10, HTTP_PROCEED, "" },
        { "", 10, HTTP_PROCEED, "" },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct http_range ranges[HTTP_RANGES_MAX];
        size_t count, n = 0;
        char text[256] = "";
        struct http_text value = { vectors[i].value, strlen(vectors[i].value) };
        enum http_verdict verdict = http_ranges(value, vectors[i].size, ranges, &count);
        if (verdict != vectors[i].verdict)
            fail_msg("%d for %s", verdict, vectors[i].value);
        for (size_t j = 0; verdict == HTTP_PARTIAL && j < count; j++)
            n += (size_t)sprintf(text + n, "%s%d+%d", j ? " " : "", (int)ranges[j].first, (int)ranges[j].len);
        assert_string_equal(text, vectors[i].ranges);
    }
}

static void test_codings(void **state)
{
    (void)state;
    static const struct {
        const char *lines[3];
        char plain, stored;
    } vectors[] = {
        /*
         * The expected coding: i for identity, g for gzip, - for none. The first is without a stored gzip
         * variant, the second with one.
         */
        { { "Host: a" }, 'i', 'i' },
        { { "Accept-Encoding:  " }, 'i', 'i' },
        { { "Accept-Encoding: gzip" }, 'i', 'g' },
        { { "Accept-Encoding: GZIP, deflate, br" }, 'i', 'g' },
        { { "Accept-Encoding: deflate", "Accept-Encoding: x-gzip" }, 'i', 'g' },
        { { "Accept-Encoding: *" }, 'i', 'g' },
        { { "Accept-Encoding: gzip;q=0" }, 'i', 'i' },
        { { "Accept-Encoding: gzip;q=0.000, *" }, 'i', 'i' },
        { { "Accept-Encoding: gzip ; q=0.5, identity;q=0.4" }, 'i', 'g' },
        { { "Accept-Encoding: gzip;q=0.5, identity;q=0.6" }, 'i', 'i' },
        { { "Accept-Encoding: gzip;Q=0.001" }, 'i', 'g' },
        { { "Accept-Encoding: identity;q=0" }, '-', '-' },
        { { "Accept-Encoding: gzip, identity;q=0" }, '-', 'g' },
        { { "Accept-Encoding: *;q=0" }, '-', '-' },
        { { "Accept-Encoding: *;q=0, identity" }, 'i', 'i' },
        { { "Accept-Encoding: gzip;q=1.001" }, 'i', 'i' },
        { { "Accept-Encoding: gzip;q=2" }, 'i', 'i' },
        { { "Accept-Encoding: gzip;level=9" }, 'i', 'i' },
        { { "Accept-Encoding: gzip;q=1.000, br" }, 'i', 'g' },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        for (int stored = 0; stored < 2; stored++) {
            struct made_request made;
            enum kv_encoding coding;
            bool ok = http_coding(make_request(&made, HTTP_GET, vectors[i].lines), stored, &coding);
            char got = !ok                 ? '-'
                       : coding == KV_GZIP ? 'g'
                                           : 'i',
                 want = stored ? vectors[i].stored : vectors[i].plain;
            if (got != want)
                fail_msg("%c instead of %c for %s", got, want, vectors[i].lines[0]);
        }
}

TEST_MAIN(cmocka_unit_test(test_conditions), cmocka_unit_test(test_if_range), cmocka_unit_test(test_ranges),
          cmocka_unit_test(test_codings))
