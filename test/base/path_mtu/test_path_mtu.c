/* Path MTUs: they are found until they are over, and those in use survive a flood of others. */
#include "../../support/test.h"

#include <base/path_mtu/path_mtu.h>

static struct path_mtu table;

static struct ip_addr destination(uint32_t i)
{
    return IP_V4(192, 0, i >> 8, i & 255);
}

static uint32_t find(uint32_t i, os_time now)
{
    struct ip_addr addr = destination(i);
    os_time until;
    return path_mtu_find(&table, &addr, now, &until);
}

static void note(uint32_t i, uint32_t mtu, os_time now)
{
    struct ip_addr addr = destination(i);
    path_mtu_note(&table, &addr, mtu, now);
}

static void test_lifetime(void **state)
{
    (void)state;
    table = (struct path_mtu){ 0 };
    note(1, 1400, 0);
    assert_int_equal(find(1, PATH_MTU_LIFETIME - 1), 1400);
    assert_int_equal(find(2, 0), 0);
    assert_int_equal(find(1, PATH_MTU_LIFETIME), 0);
    note(1, 1300, PATH_MTU_LIFETIME);
    assert_int_equal(table.count, 1);
    assert_int_equal(find(1, PATH_MTU_LIFETIME), 1300);
}

static void test_flood(void **state)
{
    (void)state;
    table = (struct path_mtu){ 0 };
    note(0, 1400, 0);
    for (uint32_t i = 1; i < 1000; i++) {
        note(i, 1300, SECONDS(1) * i / 10);
        assert_int_equal(find(0, SECONDS(1) * i / 10), 1400);
    }
    assert_int_equal(table.count, PATH_MTU_MAX);
    assert_int_equal(find(1, SECONDS(100)), 0);
    assert_int_equal(find(999, SECONDS(100)), 1300);
}

/* A caller keeps what it found for as long as it is told, and its entry is in use all the same. */
static void test_flood_between_questions(void **state)
{
    struct ip_addr addr = destination(0);
    os_time until, now = SECONDS(1);
    (void)state;
    table = (struct path_mtu){ 0 };
    path_mtu_note(&table, &addr, 1400, now);
    assert_int_equal(path_mtu_find(&table, &addr, now, &until), 1400);
    for (int round = 0; round < 20; round++) {
        for (uint32_t i = 1; i < 1000; i++)
            note(i, 1300, now + (until - now) * i / 1000);
        now = until;
        assert_int_equal(path_mtu_find(&table, &addr, now, &until), 1400);
        assert_true(until > now && until <= now + MINUTES(1));
    }
    assert_int_equal(table.count, PATH_MTU_MAX);
}

/* What is in use does not lose its place by being noted again, and what is over loses it first. */
static void test_who_gives_way(void **state)
{
    (void)state;
    table = (struct path_mtu){ 0 };
    for (uint32_t i = 0; i < PATH_MTU_MAX; i++) {
        note(i, 1400, SECONDS(i));
        assert_int_equal(find(i, SECONDS(i)), 1400);
    }
    note(5, 1300, SECONDS(200));
    note(1000, 1200, SECONDS(201));
    assert_int_equal(find(0, SECONDS(201)), 0);
    note(1001, 1200, SECONDS(201));
    assert_int_equal(find(1000, SECONDS(201)), 0);
    assert_int_equal(find(5, SECONDS(202)), 1300);
    note(1002, 1200, PATH_MTU_LIFETIME + SECONDS(2));
    assert_int_equal(find(5, PATH_MTU_LIFETIME + SECONDS(2)), 1300);
    assert_int_equal(find(1001, PATH_MTU_LIFETIME + SECONDS(2)), 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_flood_between_questions),
        cmocka_unit_test(test_who_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
