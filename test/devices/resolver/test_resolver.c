#include <mirage/functor.h>

#include <stdlib.h>

#include "test/support/test.h"

MODULE(RESOLVER, resolver_unix);
err resolver_unix_connect(struct resolver_unix **out);

static bool contains(const struct ip_addr *list, size_t count, const char *text)
{
    struct ip_addr addr;

    IGNORE(ip_parse(&addr, text, strlen(text)));
    for (size_t i = 0; i < count; i++)
        if (ip_equal(&list[i], &addr))
            return true;
    return false;
}

FIBER_TEST(numeric)
{
    struct resolver_unix *resolver;
    struct ip_addr out[2];
    size_t count = 9;

    TRY(resolver_unix_connect(&resolver));
    os_no_suspend
    {
        CHECK_EQUAL(resolver_unix_resolve(resolver, "192.0.2.1", out, 2, &count), OK);
        CHECK(count == 1 && contains(out, 1, "192.0.2.1"));
        CHECK_EQUAL(resolver_unix_resolve(resolver, "2001:db8::1", out, 2, &count), OK);
        CHECK(count == 1 && contains(out, 1, "2001:db8::1"));
        CHECK_EQUAL(resolver_unix_resolve(resolver, "::1", out, 0, &count), OK);
        CHECK_EQUAL(count, 0);
    }
    resolver_unix_disconnect(resolver);
    return OK;
}

FIBER_TEST(invalid)
{
    static const char *const names[] = {
        "",          ".",    "a..b",   ".a",    "-a",           "a-",          "a-.b", "a b", "a/b", "127.1",
        "1.2.3.4.5", "0x7f", "a.0X1.", "a.123", "fe80::1%eth0", "h\xc3\xb6st", "a:b",  "a@b", "a\n",
    };
    char label[70], name[300];
    struct resolver_unix *resolver;
    struct ip_addr out[1];
    size_t count;

    TRY(resolver_unix_connect(&resolver));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        CHECK_EQUAL(resolver_unix_resolve(resolver, names[i], out, 1, &count), ERR_INVALID);
    memset(label, 'a', 64);
    label[64] = '\0';
    CHECK_EQUAL(resolver_unix_resolve(resolver, label, out, 1, &count), ERR_INVALID);
    for (size_t i = 0; i < 254; i++)
        name[i] = i % 2 ? '.' : 'a';
    memcpy(name + 252, "aa", 3);
    CHECK_EQUAL(resolver_unix_resolve(resolver, name, out, 1, &count), ERR_INVALID);
    resolver_unix_disconnect(resolver);
    return OK;
}

FIBER_TEST(localhost)
{
    struct resolver_unix *resolver;
    struct ip_addr out[8];
    size_t count = 0;

    TRY(resolver_unix_connect(&resolver));
    CHECK_EQUAL(resolver_unix_resolve(resolver, "localhost", out, 8, &count), OK);
    CHECK(count >= 1 && (contains(out, count, "127.0.0.1") || contains(out, count, "::1")));
    CHECK_EQUAL(resolver_unix_resolve(resolver, "localhost", out, 1, &count), OK);
    CHECK_EQUAL(count, 1);
    /* RFC 6761: this name never exists. Without a name server, that cannot be known. */
    err e = resolver_unix_resolve(resolver, "nothing.invalid", out, 8, &count);
    CHECK(e == ERR_NOT_FOUND || e == ERR_TIMEOUT || e == ERR_IO);
    resolver_unix_disconnect(resolver);
    return OK;
}

static err resolve_localhost(void *arg)
{
    struct ip_addr out[4];
    size_t count;

    return resolver_unix_resolve(arg, "localhost", out, 4, &count);
}

/* More lookups at once than there are threads. */
FIBER_TEST(many)
{
    struct resolver_unix *resolver;
    struct os_group group;

    TRY(resolver_unix_connect(&resolver));
    os_group_init(&group);
    for (int i = 0; i < 100; i++)
        TRY(os_group_spawn(&group, resolve_localhost, resolver));
    CHECK_EQUAL(os_group_join(&group), OK);
    resolver_unix_disconnect(resolver);
    return OK;
}

/* Fibers are cancelled at every stage of their lookup. The others go on. */
FIBER_TEST(cancelled)
{
    struct resolver_unix *resolver;
    struct os_fiber *fibers[40];

    TRY(resolver_unix_connect(&resolver));
    for (int i = 0; i < 40; i++)
        TRY(os_spawn(&fibers[i], resolve_localhost, resolver));
    TRY(os_yield());
    for (int i = 0; i < 40; i += 2)
        os_cancel(fibers[i]);
    for (int i = 0; i < 40; i++) {
        err e = os_join(fibers[i]);
        CHECK(e == OK || (i % 2 == 0 && e == ERR_CANCELLED));
    }
    /* The module is disconnected while its threads run. */
    for (int i = 0; i < 8; i++)
        TRY(os_spawn(&fibers[i], resolve_localhost, resolver));
    TRY(os_yield());
    for (int i = 0; i < 8; i++)
        os_cancel(fibers[i]);
    for (int i = 0; i < 8; i++)
        IGNORE(os_join(fibers[i]));
    resolver_unix_disconnect(resolver);
    /* The abandoned threads must end before the program does, or the checkers would report them. */
    os_sleep(MILLISECONDS(100));
    return OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numeric), cmocka_unit_test(invalid),   cmocka_unit_test(localhost),
        cmocka_unit_test(many),    cmocka_unit_test(cancelled),
    };

    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
