#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>

#include "test/support/test.h"
#include "kv_suite.h"
#include "kv_tree.h"

MODULE(KV_RW, kv_mem);
err kv_mem_connect(struct kv_mem **out);

static err set(struct kv_mem *kv, const char *key, const char *text)
{
    return kv_mem_set(kv, key, *text ? buf_copy(text, strlen(text)) : buf_static("", 0));
}

static void expect(struct kv_mem *kv, const char *key, const char *text)
{
    char got[64] = "";
    struct buf *b = NULL;
    size_t len;

    CHECK_EQUAL(kv_mem_get(kv, key, &b), OK);
    len = buf_len(b);
    CHECK_EQUAL(len, strlen(text));
    if (len < sizeof got && len)
        IGNORE(buf_read_copy(b, 0, got, len));
    CHECK(strcmp(got, text) == 0);
    buf_free(b);
}

static void expect_count(struct kv_mem *kv, const char *key, size_t count)
{
    struct kv_list list = { 0 };

    CHECK_EQUAL(kv_mem_list(kv, key, &list), OK);
    CHECK_EQUAL(list.count, count);
    kv_list_free(&list);
}

FIBER_TEST(contract)
{
    struct kv_expect expectation = { .etags = true };
    struct kv_mem *kv;

    TRY(kv_mem_connect(&kv));
    for (int i = KV_TREE_COUNT - 1; i >= 0; i--) {
        struct kv_tree_value value;
        kv_tree_value(i, &value);
        CHECK_EQUAL(
            kv_mem_set(kv, value.key, value.len ? buf_copy(value.bytes, value.len) : buf_static("", 0)), OK);
        free(value.bytes);
    }
    CHECK_EQUAL(kv_suite((struct kv *)kv, &expectation), 0);
    kv_mem_disconnect(kv);
    return OK;
}

FIBER_TEST(setting)
{
    struct kv_info before, after;
    struct kv_mem *kv;
    struct buf *old;

    TRY(kv_mem_connect(&kv));
    expect_count(kv, "", 0);
    CHECK_EQUAL(set(kv, "a/b", "one"), OK);
    CHECK_EQUAL(kv_mem_stat(kv, "a/b", &before), OK);
    CHECK_EQUAL(kv_mem_get(kv, "a/b", &old), OK);
    CHECK_EQUAL(set(kv, "/a/b", "two"), OK);
    CHECK_EQUAL(kv_mem_stat(kv, "a/b", &after), OK);
    CHECK(strcmp(before.etag, after.etag) != 0);
    /* A reader that holds a view keeps the old value. */
    CHECK(memcmp(old->data, "one", 3) == 0);
    buf_free(old);
    expect(kv, "a/b", "two");
    CHECK_EQUAL(set(kv, "a", "x"), ERR_INVALID);
    CHECK_EQUAL(set(kv, "", "x"), ERR_INVALID);
    CHECK_EQUAL(set(kv, "a/b/c", "x"), ERR_INVALID);
    CHECK_EQUAL(set(kv, "a//c", "x"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_set(kv, "n", NULL), ERR_NO_MEMORY);
    CHECK_EQUAL(set(kv, "e", ""), OK);
    expect(kv, "e", "");
    CHECK_EQUAL(kv_mem_sync(kv), OK);
    kv_mem_disconnect(kv);
    return OK;
}

FIBER_TEST(writing)
{
    struct kv_mem *kv;
    struct buf *held;

    TRY(kv_mem_connect(&kv));
    CHECK_EQUAL(kv_mem_write(kv, "v", 0, buf_copy("x", 1)), ERR_NOT_FOUND);
    CHECK_EQUAL(set(kv, "v", "hello"), OK);
    CHECK_EQUAL(kv_mem_write(kv, "v", 1, buf_copy("EL", 2)), OK);
    expect(kv, "v", "hELlo");
    CHECK_EQUAL(kv_mem_get(kv, "v", &held), OK);
    CHECK_EQUAL(kv_mem_write(kv, "v", 4, buf_copy("0 world", 7)), OK);
    expect(kv, "v", "hELl0 world");
    CHECK(held->len == 5 && memcmp(held->data, "hELlo", 5) == 0);
    buf_free(held);
    CHECK_EQUAL(kv_mem_write(kv, "v", 11, buf_copy("!", 1)), OK);
    CHECK_EQUAL(kv_mem_write(kv, "v", 0, buf_copy("H", 1)), OK);
    expect(kv, "v", "HELl0 world!");
    CHECK_EQUAL(kv_mem_write(kv, "v", 13, buf_copy("?", 1)), ERR_RANGE);
    CHECK_EQUAL(kv_mem_write(kv, "v", 0, NULL), ERR_NO_MEMORY);
    CHECK_EQUAL(kv_mem_write(kv, "v", 0, buf_static("", 0)), OK);
    CHECK_EQUAL(kv_mem_write(kv, "", 0, buf_copy("?", 1)), ERR_INVALID);
    CHECK_EQUAL(set(kv, "log", ""), OK);
    for (int i = 0; i < 20000; i++)
        CHECK_EQUAL(kv_mem_write(kv, "log", (uint64_t)i * 8, buf_copy("8 bytes\n", 8)), OK);
    CHECK_EQUAL(kv_mem_get(kv, "log", &held), OK);
    CHECK_EQUAL(buf_len(held), 160000);
    buf_free(held);
    kv_mem_disconnect(kv);
    return OK;
}

FIBER_TEST(removing)
{
    struct kv_info info;
    struct kv_mem *kv;

    TRY(kv_mem_connect(&kv));
    CHECK_EQUAL(set(kv, "a/b/c", "1"), OK);
    CHECK_EQUAL(set(kv, "a/d", "2"), OK);
    CHECK_EQUAL(kv_mem_remove(kv, "a/x"), ERR_NOT_FOUND);
    CHECK_EQUAL(kv_mem_remove(kv, "a/b/c"), OK);
    CHECK_EQUAL(kv_mem_stat(kv, "a/b", &info), ERR_NOT_FOUND);
    expect(kv, "a/d", "2");
    CHECK_EQUAL(kv_mem_remove(kv, "a/d"), OK);
    CHECK_EQUAL(kv_mem_stat(kv, "a", &info), ERR_NOT_FOUND);
    CHECK_EQUAL(set(kv, "a/b/c", "1"), OK);
    CHECK_EQUAL(set(kv, "z", "1"), OK);
    CHECK_EQUAL(kv_mem_remove(kv, "a"), OK);
    expect_count(kv, "", 1);
    CHECK_EQUAL(kv_mem_remove(kv, ""), OK);
    expect_count(kv, "", 0);
    kv_mem_disconnect(kv);
    return OK;
}

FIBER_TEST(renaming)
{
    struct kv_info info;
    struct kv_mem *kv;

    TRY(kv_mem_connect(&kv));
    CHECK_EQUAL(set(kv, "a/b/c", "1"), OK);
    CHECK_EQUAL(set(kv, "a/b/d", "2"), OK);
    CHECK_EQUAL(set(kv, "v", "3"), OK);
    CHECK_EQUAL(kv_mem_rename(kv, "x", "y"), ERR_NOT_FOUND);
    CHECK_EQUAL(kv_mem_rename(kv, "", "y"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_rename(kv, "a", "a/b/e"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_rename(kv, "a", "a/b/c"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_rename(kv, "a/b", "a"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_rename(kv, "v", "v/w"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_rename(kv, "v", "a"), ERR_INVALID);
    CHECK_EQUAL(kv_mem_rename(kv, "a/b", "a/b"), OK);
    CHECK_EQUAL(kv_mem_rename(kv, "a/b", "q/r/s"), OK);
    CHECK_EQUAL(kv_mem_stat(kv, "a", &info), ERR_NOT_FOUND);
    expect(kv, "q/r/s/c", "1");
    /* A dictionary replaces a value. The folder that it was in has no other value, so it is gone. */
    CHECK_EQUAL(kv_mem_rename(kv, "q/r/s", "v"), OK);
    CHECK_EQUAL(kv_mem_stat(kv, "q", &info), ERR_NOT_FOUND);
    expect(kv, "v/d", "2");
    CHECK_EQUAL(kv_mem_rename(kv, "v/c", "v/d"), OK);
    expect(kv, "v/d", "1");
    expect_count(kv, "v", 1);
    CHECK_EQUAL(kv_mem_rename(kv, "v/d", "v/e"), OK);
    expect(kv, "v/e", "1");
    CHECK_EQUAL(kv_mem_rename(kv, "v/e", "w"), OK);
    expect_count(kv, "", 1);
    kv_mem_disconnect(kv);
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contract), cmocka_unit_test(setting),  cmocka_unit_test(writing),
        cmocka_unit_test(removing), cmocka_unit_test(renaming),
    };

    return cmocka_run_group_tests_name("kv_mem", tests, NULL, NULL);
}
