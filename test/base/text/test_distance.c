/* The distance of words. */
#include "../../support/test.h"

#include <base/text/distance.h>

static size_t between(const char *a, const char *b, size_t most)
{
    return edit_distance(a, strlen(a), b, strlen(b), most);
}

static void test_distances(void **state)
{
    (void)state;
    assert_int_equal(between("", "", 0), 0);
    assert_int_equal(between("port", "port", 3), 0);
    assert_int_equal(between("prt", "port", 3), 1);
    assert_int_equal(between("ports", "port", 3), 1);
    assert_int_equal(between("pork", "port", 3), 1);
    assert_int_equal(between("kitten", "sitting", 3), 3);
    assert_int_equal(between("", "abc", 3), 3);
}

static void test_too_far(void **state)
{
    (void)state;
    char longest[EDIT_DISTANCE_LENGTH_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(between("port", "a longer one", 3) > 3);
    assert_int_equal(edit_distance(longest, EDIT_DISTANCE_LENGTH_MAX, longest, EDIT_DISTANCE_LENGTH_MAX, 2),
                     0);
    assert_true(edit_distance(longest, sizeof longest, longest, sizeof longest, 2) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_too_far),
    };
    return cmocka_run_group_tests_name("distance", tests, NULL, NULL);
}
