#include <mirage/functor.h>

#include <stdlib.h>
#include <string.h>

#include "test/support/test.h"
#include "kv_suite.h"
#include "kv_tree.h"

PARAM(KV_RO, kv);
MODULE(KV_SUITE, kv_suite);

static bool same(const struct buf *b, const uint8_t *bytes, size_t len)
{
    if (buf_len(b) != len)
        return false;
    for (; b; b = b->next) {
        if (memcmp(b->data, bytes, b->len) != 0)
            return false;
        bytes += b->len;
    }
    return true;
}

static void check_range(struct kv_value *open, const struct kv_tree_value *value, uint64_t offset,
                        uint64_t len)
{
    struct buf *part = (struct buf *)1;

    if (kv_read(open, KV_IDENTITY, offset, len, &part) != OK) {
        CHECK(!"a range that is there was not given");
        return;
    }
    CHECK(same(part, value->bytes + offset, len));
    CHECK((part == NULL) == (len == 0));
    buf_free(part);
}

/* Opened, it gives the same bytes under the same description. */
static void check_open(struct kv *kv, const struct kv_tree_value *value, const struct kv_info *stat)
{
    struct kv_value *open, *second;
    struct kv_info info, again;
    struct buf *none = NULL;
    size_t len = value->len;

    if (kv_open(kv, value->key, &open, &info) != OK) {
        CHECK(!"a value that is there was not opened");
        return;
    }
    CHECK_EQUAL(info.kind, KV_VALUE);
    CHECK_EQUAL(info.size, stat->size);
    CHECK_EQUAL(info.gzip_size, stat->gzip_size);
    CHECK_EQUAL(info.modified, stat->modified);
    CHECK(strcmp(info.etag, stat->etag) == 0);
    CHECK_EQUAL(info.content_type != NULL, stat->content_type != NULL);
    CHECK_EQUAL(kv_open(kv, value->key, &second, &again), OK);
    kv_close(second);
    check_range(open, value, 0, len);
    check_range(open, value, 0, 0);
    check_range(open, value, len, 0);
    check_range(open, value, len / 3, len / 2);
    CHECK_EQUAL(kv_read(open, KV_IDENTITY, 0, len + 1, &none), ERR_RANGE);
    CHECK_EQUAL(kv_read(open, KV_IDENTITY, len + 1, 0, &none), ERR_RANGE);
    CHECK_EQUAL(kv_read(open, KV_IDENTITY, UINT64_MAX, 2, &none), ERR_RANGE);
    CHECK_EQUAL(kv_read(open, KV_IDENTITY, 1, UINT64_MAX, &none), ERR_RANGE);
    if (!info.gzip_size)
        CHECK_EQUAL(kv_read(open, KV_GZIP, 0, 0, &none), ERR_NOT_FOUND);
    kv_close(open);
}

static void check_value(struct kv *kv, const struct kv_tree_value *value, const struct kv_expect *expect)
{
    struct kv_info info;
    struct buf *all = (struct buf *)1;
    struct kv_list list;
    size_t len = value->len;

    CHECK_EQUAL(kv_stat(kv, value->key, &info), OK);
    CHECK_EQUAL(info.kind, KV_VALUE);
    CHECK_EQUAL(info.size, len);
    CHECK_EQUAL(strlen(info.etag) > 2, expect->etags);
    if (expect->etags)
        CHECK(info.etag[0] == '"' && info.etag[strlen(info.etag) - 1] == '"');
    if (kv_get(kv, value->key, &all) != OK) {
        CHECK(!"a value that is there was not given");
        return;
    }
    CHECK(same(all, value->bytes, len));
    CHECK((all == NULL) == (len == 0));
    if (expect->zero_copy && all)
        CHECK(all->page == NULL);
    buf_free(all);
    check_open(kv, value, &info);
    CHECK_EQUAL(kv_list(kv, value->key, &list), ERR_INVALID);
}

static void check_keys(struct kv *kv)
{
    static const char *const invalid[] = {
        "//", "a//b", "/a//b", "//a",    "a/",           "css/",         "/css/",          ".",       "..",
        "/.", "/..",  "css/.", "css/..", "../kv_tree.c", "css/../empty", "css/./site.css", "./empty",
    };
    static const char *const absent[] = {
        "nothing", "css/nothing", "cs", "css/site.cs", "css/site.csss", "empty/x",  "css/site.css/x",
        "...",     "css/...",     "a",  "CSS",         "css-extra",     "\xff\xfe", "index.html\n",
    };
    char key[KV_KEY_MAX + 3];
    struct kv_value *value;
    struct kv_info info;
    struct kv_list list;
    struct buf *b = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
        CHECK_EQUAL(kv_stat(kv, invalid[i], &info), ERR_INVALID);
        CHECK_EQUAL(kv_get(kv, invalid[i], &b), ERR_INVALID);
        CHECK_EQUAL(kv_open(kv, invalid[i], &value, &info), ERR_INVALID);
        CHECK_EQUAL(kv_list(kv, invalid[i], &list), ERR_INVALID);
    }
    for (size_t i = 0; i < ARRAY_SIZE(absent); i++) {
        CHECK_EQUAL(kv_stat(kv, absent[i], &info), ERR_NOT_FOUND);
        CHECK_EQUAL(kv_get(kv, absent[i], &b), ERR_NOT_FOUND);
        CHECK_EQUAL(kv_open(kv, absent[i], &value, &info), ERR_NOT_FOUND);
        CHECK_EQUAL(kv_list(kv, absent[i], &list), ERR_NOT_FOUND);
    }
    memset(key, 'k', sizeof key);
    key[KV_KEY_MAX + 1] = '\0';
    CHECK_EQUAL(kv_stat(kv, key, &info), ERR_INVALID);
    key[0] = '/'; /* a leading slash does not count for the length */
    CHECK_EQUAL(kv_stat(kv, key, &info), ERR_NOT_FOUND);
    key[KV_KEY_MAX] = '\0';
    key[0] = 'k';
    CHECK_EQUAL(kv_stat(kv, key, &info), ERR_NOT_FOUND);
    CHECK_EQUAL(kv_stat(kv, "/css/site.css", &info), OK);
    CHECK_EQUAL(info.kind, KV_VALUE);
    CHECK(info.content_type && strcmp(info.content_type, "text/css; charset=utf-8") == 0);
    CHECK_EQUAL(kv_stat(kv, "empty", &info), OK);
    CHECK(info.content_type == NULL);
}

static void check_list(struct kv *kv, const char *key, const char *const *names)
{
    struct kv_list list = { 0 };
    struct kv_value *value;
    struct kv_info info;
    struct buf *b = NULL;
    size_t count = 0;

    CHECK_EQUAL(kv_stat(kv, key, &info), OK);
    CHECK_EQUAL(info.kind, KV_DICTIONARY);
    CHECK_EQUAL(info.size, 0);
    CHECK_EQUAL(kv_get(kv, key, &b), ERR_INVALID);
    CHECK_EQUAL(kv_open(kv, key, &value, &info), ERR_INVALID);
    CHECK_EQUAL(kv_list(kv, key, &list), OK);
    while (names[count])
        count++;
    CHECK_EQUAL(list.count, count);
    for (size_t i = 0; i < count && i < list.count; i++) {
        size_t len = strlen(names[i]);
        bool dictionary = names[i][len - 1] == '/';
        CHECK_EQUAL(list.entries[i].kind, dictionary ? KV_DICTIONARY : KV_VALUE);
        CHECK_EQUAL(strlen(list.entries[i].name), len - dictionary);
        CHECK(strncmp(list.entries[i].name, names[i], len - dictionary) == 0);
    }
    kv_list_free(&list);
}

static void check_lists(struct kv *kv)
{
    static const char *const root[] = {
        "a b/",  "css/",      "css-extra.txt", "css.d/",     "d/",        "empty",
        "exact", "image.png", "index.htm",     "index.html", "large.bin", NULL,
    };
    static const char *const css[] = { "print/", "site.css", NULL };
    static const char *const print[] = { "page.css", NULL };
    static const char *const deep[] = { "d/", NULL };

    check_list(kv, "", root);
    check_list(kv, "/", root);
    check_list(kv, "css", css);
    check_list(kv, "/css", css);
    check_list(kv, "css/print", print);
    check_list(kv, "d/d/d", deep);
}

static void check_gzip(struct kv *kv)
{
    struct kv_value *value;
    struct kv_info info;
    struct buf *b = NULL;

    CHECK_EQUAL(kv_open(kv, "index.html", &value, &info), OK);
    CHECK(info.gzip_size > 18 && info.gzip_size < 500);
    CHECK_EQUAL(kv_read(value, KV_GZIP, 0, info.gzip_size, &b), OK);
    CHECK(b && b->len == info.gzip_size && b->data[0] == 0x1f && b->data[1] == 0x8b);
    buf_free(b);
    b = NULL;
    CHECK_EQUAL(kv_read(value, KV_GZIP, 0, info.gzip_size + 1, &b), ERR_RANGE);
    kv_close(value);
    CHECK_EQUAL(kv_stat(kv, "image.png", &info), OK);
    CHECK_EQUAL(info.gzip_size, 0);
    CHECK_EQUAL(kv_stat(kv, "large.bin", &info), OK);
    CHECK_EQUAL(info.gzip_size, 0);
}

int kv_suite(struct kv *kv, const struct kv_expect *expect)
{
    for (int i = 0; i < KV_TREE_COUNT; i++) {
        struct kv_tree_value value;
        kv_tree_value(i, &value);
        check_value(kv, &value, expect);
        free(value.bytes);
    }
    check_keys(kv);
    check_lists(kv);
    if (expect->gzip)
        check_gzip(kv);
    return failed_checks;
}
