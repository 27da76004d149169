/* Routes: patterns, methods and the list of allowed methods. */
#include "test/support/http.h"

#include <base/http/route.h>

static const struct route routes[] = {
    { "GET", "/" },
    { "GET", "/users/:id" },
    { "PUT", "/users/:id" },
    { "DELETE", "/users/:id" },
    { "GET", "/users/:id/posts/:post" },
    { "GET", "/static/*" },
    { NULL, "/any" },
    { "OPTIONS", "/own" },
    { "GET", "/users/me" },
};

static struct route_match match;

static enum route_result find(const char *method, const char *path)
{
    struct http_request request = { .path = path, .method_name = { method, strlen(method) } };
    request.method = strcmp(method, "GET") == 0       ? HTTP_GET
                     : strcmp(method, "HEAD") == 0    ? HTTP_HEAD
                     : strcmp(method, "OPTIONS") == 0 ? HTTP_OPTIONS
                                                      : HTTP_OTHER;
    return route_find(routes, sizeof routes / sizeof *routes, &request, &match);
}

static void test_found(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        size_t index, params;
        const char *first;
    } vectors[] = {
        { "GET", "/", 0, 0, NULL },
        { "HEAD", "/", 0, 0, NULL },
        { "GET", "/users/7", 1, 1, "7" },
        { "PUT", "/users/x:y", 2, 1, "x:y" },
        { "GET", "/users/7/posts/8", 4, 2, "7" },
        { "GET", "/static/", 5, 1, "" },
        { "GET", "/static/a/b", 5, 1, "a/b" },
        { "BREW", "/any", 6, 0, NULL },
        { "OPTIONS", "/own", 7, 0, NULL },
        { "GET", "/users/me", 1, 1, "me" },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        assert_int_equal(find(vectors[i].method, vectors[i].path), ROUTE_FOUND);
        assert_int_equal(match.index, vectors[i].index);
        assert_int_equal(match.param_count, vectors[i].params);
        if (vectors[i].first)
            assert_text(match.params[0], vectors[i].first);
    }
}

static void test_not_found(void **state)
{
    (void)state;
    static const char *const paths[] = { "/x",      "/users", "/users/", "/users/7/", "/users//posts/1",
                                         "/static", "",       "//",      "/any/",     "/an",
                                         "/anyy" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(find("GET", paths[i]), ROUTE_NOT_FOUND);
}

static void test_allow(void **state)
{
    (void)state;
    assert_int_equal(find("POST", "/users/7"), ROUTE_METHOD_NOT_ALLOWED);
    assert_string_equal(match.allow, "GET, HEAD, PUT, DELETE, OPTIONS");
    assert_int_equal(find("OPTIONS", "/users/7"), ROUTE_OPTIONS);
    assert_string_equal(match.allow, "GET, HEAD, PUT, DELETE, OPTIONS");
    assert_int_equal(find("POST", "/users/me"), ROUTE_METHOD_NOT_ALLOWED);
    assert_string_equal(match.allow, "GET, HEAD, PUT, DELETE, OPTIONS");
    assert_int_equal(find("HEAD", "/own"), ROUTE_METHOD_NOT_ALLOWED);
    assert_string_equal(match.allow, "OPTIONS");
}

static void test_bounds(void **state)
{
    (void)state;
    assert_true(route_fits("/:1/:2/:3/:4/:5/:6/:7/:8", "/1/2/3/4/5/6/7/8", &match));
    assert_false(route_fits("/:1/:2/:3/:4/:5/:6/:7/:8/:9", "/1/2/3/4/5/6/7/8/9", &match));
    char allow[ROUTE_ALLOW_SIZE] = "";
    for (int i = 0; i < 100; i++) {
        char method[8];
        snprintf(method, sizeof method, "METH%03d", i);
        route_allow(allow, method);
    }
    assert_true(strlen(allow) < sizeof allow);
}

TEST_MAIN(cmocka_unit_test(test_found), cmocka_unit_test(test_not_found), cmocka_unit_test(test_allow),
          cmocka_unit_test(test_bounds))
