/* Shared by the unit tests of HTTP: cmocka, which prints TAP. */
#ifndef TEST_SUPPORT_HTTP_H
#define TEST_SUPPORT_HTTP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mirage/http.h>

/* TEST_CASE in the environment is a pattern. Only cases whose names match it run. */
static __attribute__((constructor)) void choose_cases(void)
{
    cmocka_set_test_filter(getenv("TEST_CASE"));
}

#define TEXT(literal) ((struct http_text){ literal, sizeof(literal) - 1 })

#define TEST_MAIN(...)                                     \
    int main(void)                                         \
    {                                                      \
        const struct CMUnitTest tests[] = { __VA_ARGS__ }; \
        cmocka_set_message_output(CM_OUTPUT_TAP);          \
        return cmocka_run_group_tests(tests, NULL, NULL);  \
    }

static inline void assert_text(struct http_text text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

/* A request with the fields given as "name: value" strings, ended by NULL. */
struct made_request {
    struct http_request request;
    struct http_field fields[16];
};

static inline struct http_request *make_request(struct made_request *made, enum http_method method,
                                                const char *const *lines)
{
    *made = (struct made_request){ .request.method = method };
    made->request.path = "/";
    made->request.fields = made->fields;
    for (; *lines; lines++) {
        const char *colon = strchr(*lines, ':');
        struct http_field *field = &made->fields[made->request.field_count++];
        field->name = (struct http_text){ *lines, (size_t)(colon - *lines) };
        field->value = (struct http_text){ colon + 2, strlen(colon + 2) };
    }
    return &made->request;
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

#endif
