/* Request heads: which ones are refused with which status, and what is read of the others. */
#include "test/support/http.h"

#include <base/http/head.h>

#define FIELDS 8

static const struct http_limits limits = { .line = 100, .section = 200, .fields = FIELDS, .body = 1000 };

static struct http_field fields[FIELDS];
static struct http_request request;
static struct http_head head;

static int read_head(const char *text, size_t len)
{
    memset(&request, 0, sizeof request);
    head = (struct http_head){ .limits = &limits, .request = &request, .fields = fields };
    return http_head_read(&head, text, len);
}

struct vector {
    int status;
    const char *text;
};

#define H "Host: a\r\n"
#define GET(rest) "GET / HTTP/1.1\r\n" H rest "\r\n"
#define POST(rest) "POST / HTTP/1.1\r\n" H rest "\r\n"

static const struct vector vectors[] = {
    { HTTP_HEAD_DONE, GET("") },
    { HTTP_HEAD_MORE, "GET / HTTP/1.1\r\n" H },
    { HTTP_HEAD_MORE, "G" },
    { HTTP_HEAD_MORE, "\r\n" },
    { HTTP_HEAD_DONE, "\r\n" GET("") },
    { 400, "\r\n\r\n" GET("") },
    { 400, "\n" },
    { 400, "GET / HTTP/1.1\n" H "\n" },
    { 400, "GET / HTTP/1.1\r" H "\r\n" },
    { 400, GET("X: a\rb\r\n") },
    { 400, GET("X: a\nb\r\n") },
    { 400, GET("X: a\001b\r\n") },
    { 400, GET("X: a\177b\r\n") },
    { HTTP_HEAD_DONE, GET("X: a\tb\r\n") },
    { HTTP_HEAD_DONE, GET("X: \xc3\xa9\r\n") },
    { 400, "\xc3\xa9 / HTTP/1.1\r\n" },
    { 400, "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n" },
    /* the request line */
    { 400, "GET /\r\n" },
    { 400, "GET  / HTTP/1.1\r\n" },
    { 400, "GET / HTTP/1.1 \r\n" },
    { 400, "GET\t/ HTTP/1.1\r\n" },
    { 400, " GET / HTTP/1.1\r\n" },
    { 400, "G@T / HTTP/1.1\r\n" },
    { 400, "GET / http/1.1\r\n" },
    { 400, "GET / HTTP/11\r\n" },
    { 400, "GET / HTTP/1.\r\n" },
    { 400, "GET / HTTP/1.11\r\n" },
    { 400, "GET / HTTP/a.1\r\n" },
    { 505, "GET / HTTP/2.0\r\n" },
    { 505, "GET / HTTP/0.9\r\n" },
    { 505, "GET / HTTP/9.9\r\n" },
    { 505, "PRI * HTTP/2.0\r\n" },
    { HTTP_HEAD_DONE, "GET / HTTP/1.2\r\n" H "\r\n" },
    { HTTP_HEAD_DONE, "BREW /pot HTTP/1.1\r\n" H "\r\n" },
    { 501, "METHODMETHODMETHODMETHODMETHODMETHOD / HTTP/1.1\r\n" H "\r\n" },
    /* targets */
    { 400, "GET a HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET /#a HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET /<a> HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET /a\\b HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET /a?b#c HTTP/1.1\r\n" H "\r\n" },
    { HTTP_HEAD_DONE, "GET /a?b=[c]|?\\/ HTTP/1.1\r\n" H "\r\n" },
    { HTTP_HEAD_DONE, "GET http://b/c HTTP/1.1\r\n" H "\r\n" },
    { HTTP_HEAD_DONE, "GET HTTPS://b:443?c HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET http:///c HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET http://u@b/c HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET ftp://b/c HTTP/1.1\r\n" H "\r\n" },
    { 400, "GET * HTTP/1.1\r\n" H "\r\n" },
    { HTTP_HEAD_DONE, "OPTIONS * HTTP/1.1\r\n" H "\r\n" },
    { HTTP_HEAD_DONE, "OPTIONS http://b HTTP/1.1\r\n" H "\r\n" },
    { 501, "CONNECT a:443 HTTP/1.1\r\n" H "\r\n" },
    { 400, "CONNECT / HTTP/1.1\r\n" H "\r\n" },
    { 400, "CONNECT a HTTP/1.1\r\n" H "\r\n" },
    { 400, "CONNECT a: HTTP/1.1\r\n" H "\r\n" },
    /* Host */
    { 400, "GET / HTTP/1.1\r\n\r\n" },
    { HTTP_HEAD_DONE, "GET / HTTP/1.0\r\n\r\n" },
    { 400, GET("Host: b\r\n") },
    { 400, "GET / HTTP/1.0\r\n" H "host: a\r\n\r\n" },
    { HTTP_HEAD_DONE, "GET / HTTP/1.1\r\nHost:\r\n\r\n" },
    { HTTP_HEAD_DONE, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: [/]\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a:000080\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n" },
    /* field lines */
    { 400, GET("X : a\r\n") },
    { 400, GET(" X: a\r\n") },
    { 400, GET("X: a\r\n b\r\n") },
    { 400, GET("X: a\r\n\tb\r\n") },
    { 400, GET(": a\r\n") },
    { 400, GET("X\r\n") },
    { 400, GET("X(: a\r\n") },
    { HTTP_HEAD_DONE, GET("X:\r\n") },
    { HTTP_HEAD_DONE, GET("a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\n") },
    { 431, GET("a:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\ng:1\r\nh:1\r\n") },
    /* Content-Length and Transfer-Encoding */
    { HTTP_HEAD_DONE, POST("Content-Length: 0\r\n") },
    { HTTP_HEAD_DONE, POST("content-LENGTH:\t1000 \r\n") },
    { 413, POST("Content-Length: 1001\r\n") },
    { 413, POST("Content-Length: 9223372036854775807\r\n") },
    { 400, POST("Content-Length: 9223372036854775808\r\n") },
    { 400, POST("Content-Length: 18446744073709551617\r\n") },
    { 400, POST("Content-Length:\r\n") },
    { 400, POST("Content-Length: +5\r\n") },
    { 400, POST("Content-Length: -5\r\n") },
    { 400, POST("Content-Length: 0x5\r\n") },
    { 400, POST("Content-Length: 5 5\r\n") },
    { 400, POST("Content-Length: 5, 5\r\n") },
    { 400, POST("Content-Length: 5\r\nContent-Length: 5\r\n") },
    { 400, POST("Content-Length: 5\r\nContent-Length: 6\r\n") },
    { HTTP_HEAD_DONE, POST("Transfer-Encoding: chunked\r\n") },
    { HTTP_HEAD_DONE, POST("Transfer-Encoding: Chunked\r\n") },
    { 400, POST("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") },
    { 400, POST("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") },
    { 400, POST("Content-Length: 0\r\nTransfer-Encoding: identity\r\n") },
    { 400, POST("Transfer-Encoding: chunked, chunked\r\n") },
    { 400, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") },
    { 400, POST("Transfer-Encoding: chunked, gzip\r\n") },
    { 400, POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n") },
    { 400, POST("Transfer-Encoding:\r\n") },
    { 400, POST("Transfer-Encoding: ,chunked\r\n") },
    { 501, POST("Transfer-Encoding: gzip\r\n") },
    { 501, POST("Transfer-Encoding: gzip, chunked\r\n") },
    { 501, POST("Transfer-Encoding: xchunked\r\n") },
    { 501, POST("Transfer-Encoding: \"chunked\"\r\n") },
    { 400, POST("Transfer-Encoding: \013chunked\r\n") },
    { 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
    /* Expect */
    { HTTP_HEAD_DONE, POST("Expect: 100-Continue\r\nContent-Length: 5\r\n") },
    { 417, POST("Expect: 200-ok\r\nContent-Length: 5\r\n") },
    { 417, POST("Expect: 100-continue, 200-ok\r\nContent-Length: 5\r\n") },
    { HTTP_HEAD_DONE, POST("Expect:\r\nContent-Length: 5\r\n") },
    { HTTP_HEAD_DONE, POST("Expect: \t \r\nContent-Length: 5\r\n") },
    { HTTP_HEAD_DONE, POST("Expect: ,\r\nContent-Length: 5\r\n") },
    { HTTP_HEAD_DONE, "POST / HTTP/1.0\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\n" },
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const char *text = vectors[i].text;
        size_t len = strlen(text);
        int status = read_head(text, len);
        if (status != vectors[i].status)
            fail_msg("%d instead of %d for:\n%s", status, vectors[i].status, text);
        /* The result is the same when the head arrives byte by byte. */
        memset(&request, 0, sizeof request);
        head = (struct http_head){ .limits = &limits, .request = &request, .fields = fields };
        status = HTTP_HEAD_MORE;
        for (size_t n = 1; n <= len && status == HTTP_HEAD_MORE; n++)
            status = http_head_read(&head, text, n);
        assert_int_equal(status, vectors[i].status);
    }
}

static void test_nul(void **state)
{
    (void)state;
    static const char nul[] = "GET /\0 HTTP/1.1\r\n", value[] = "GET / HTTP/1.1\r\nX: \0\r\n";
    assert_int_equal(read_head(nul, sizeof nul - 1), 400);
    assert_int_equal(read_head(value, sizeof value - 1), 400);
}

static void test_limits(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    assert_int_equal(read_head(text, 100), HTTP_HEAD_MORE);
    assert_int_equal(read_head(text, 101), 414);
    memcpy(text + 91, " HTTP/1.1\r\n", 11);
    assert_int_equal(read_head(text, 101), HTTP_HEAD_MORE);
    assert_int_equal(read_head(text, 102), HTTP_HEAD_MORE);
    memcpy(text + 92, " HTTP/1.1\r\n", 11);
    text[91] = 'a';
    assert_int_equal(read_head(text, 103), 414);

    memset(text, 'a', sizeof text);
    memcpy(text, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(read_head(text, 216), HTTP_HEAD_MORE);
    assert_int_equal(read_head(text, 217), 431);
    memcpy(text + 16, H "b:", 11);
    memcpy(text + 214, "\r\n\r\n", 4);
    assert_int_equal(read_head(text, 218), HTTP_HEAD_DONE);
    memmove(text + 215, text + 214, 4);
    text[214] = 'a';
    assert_int_equal(read_head(text, 219), 431);
}

static void test_request(void **state)
{
    (void)state;
    static const char text[] = "PUT /a%20b/../c?d=e HTTP/1.1\r\nHost: Example.org:80\r\nContent-Length: 3\r\n"
                               "X-Y: \t z \r\nConnection: TE, close\r\n\r\nabc";
    assert_int_equal(read_head(text, sizeof text - 1), HTTP_HEAD_DONE);
    assert_int_equal(head.length, sizeof text - 4);
    assert_int_equal(request.method, HTTP_PUT);
    assert_text(request.method_name, "PUT");
    assert_text(request.target, "/a%20b/../c?d=e");
    assert_text(request.query, "d=e");
    assert_text(request.host, "Example.org");
    assert_int_equal(request.version_minor, 1);
    assert_true(request.has_body);
    assert_int_equal(request.content_length, 3);
    assert_int_equal(request.field_count, 4);
    assert_text(http_find(&request, "x-y"), "z");
    assert_null(http_find(&request, "x").data);
    assert_true(head.close && !head.keep_alive && !head.chunked);

    static const char absolute[] = "GET http://b.c:8?q HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n";
    assert_int_equal(read_head(absolute, sizeof absolute - 1), HTTP_HEAD_DONE);
    assert_text(request.host, "b.c");
    assert_text(head.path, "/");
    assert_text(request.query, "q");
    assert_true(head.keep_alive && request.version_minor == 0);
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum http_method method;
    } names[] = {
        { "GET", HTTP_GET },      { "HEAD", HTTP_HEAD },     { "POST", HTTP_POST },
        { "PUT", HTTP_PUT },      { "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS },
        { "get", HTTP_OTHER },    { "GOT", HTTP_OTHER },     { "HEAT", HTTP_OTHER },
        { "DELETS", HTTP_OTHER }, { "OPTIONE", HTTP_OTHER }, { "M-SEARCH", HTTP_OTHER },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", names[i].name);
        assert_int_equal(read_head(text, (size_t)n), HTTP_HEAD_DONE);
        assert_int_equal(request.method, names[i].method);
    }
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const paths[][2] = {
        { "/", "/" },
        { "/a", "/a" },
        { "/a/", "/a/" },
        { "//", "//" },
        { "/a//b", "/a//b" },
        { "/.", "/" },
        { "/..", "/" },
        { "/./", "/" },
        { "/../", "/" },
        { "/a/.", "/a/" },
        { "/a/..", "/" },
        { "/a/../", "/" },
        { "/a/../b", "/b" },
        { "/a/b/../c", "/a/c" },
        { "/../../etc/passwd", "/etc/passwd" },
        { "/%2e%2e/x", "/x" },
        { "/a/%2E%2e%2fb", "/b" },
        { "/a%2f..%2fb", "/b" },
        { "/a%2Fb", "/a/b" },
        { "/%41%7e", "/A~" },
        { "/%c3%a9", "/\xc3\xa9" },
        { "/...", "/..." },
        { "/.a", "/.a" },
        { "/..a/b", "/..a/b" },
        { "/a/./b/./c", "/a/b/c" },
        { "/a//../b", "/a/b" },
        { "//..", "/" },
        { "/%25", "/%" },
        { "/+", "/+" },
        { "/%0d%0a", "/\r\n" },
        { "/%00", NULL },
        { "/%", NULL },
        { "/%4", NULL },
        { "/%4g", NULL },
        { "/%g4", NULL },
        { "/a%2", NULL },
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char out[64];
        struct http_text path = { paths[i][0], strlen(paths[i][0]) };
        int status = http_head_path(path, out);
        assert_int_equal(status, paths[i][1] ? 0 : 400);
        if (paths[i][1])
            assert_string_equal(out, paths[i][1]);
    }
}

TEST_MAIN(cmocka_unit_test(test_vectors), cmocka_unit_test(test_nul), cmocka_unit_test(test_limits),
          cmocka_unit_test(test_request), cmocka_unit_test(test_methods), cmocka_unit_test(test_paths))
