/* Tests os_list. */
#include "test/support/test.h"

#include <mirage/list.h>

struct item {
    int number;
    OS_LIST_NODE(struct item) node;
    OS_LIST_NODE(struct item) other;
};

struct items {
    OS_LIST(struct item) list;
};

/* The numbers of the list in order. Each item's node must point back to the link that points to it. */
static int numbers(struct items *items)
{
    int digits = 0;
    struct item **link = &items->list.first;
    for (struct item *i = items->list.first; i != NULL; i = i->node.next) {
        assert_ptr_equal(i->node.link, link);
        link = &i->node.next;
        digits = digits * 10 + i->number;
    }
    return digits;
}

static void items_keep_their_order(void **state)
{
    struct items items = { 0 };
    struct item a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 }, d = { .number = 4 };
    (void)state;
    assert_int_equal(numbers(&items), 0);
    os_list_append(&items.list, &b, node);
    os_list_append(&items.list, &c, node);
    assert_int_equal(numbers(&items), 23);
    os_list_prepend(&items.list, &a, node);
    os_list_append(&items.list, &d, node);
    assert_int_equal(numbers(&items), 1234);
    os_list_remove(&items.list, &b, node); /* in the middle */
    assert_int_equal(numbers(&items), 134);
    os_list_remove(&items.list, &a, node); /* the first */
    assert_int_equal(numbers(&items), 34);
    os_list_remove(&items.list, &d, node); /* the last */
    assert_int_equal(numbers(&items), 3);
    os_list_append(&items.list, &d, node);
    os_list_append(&items.list, &a, node);
    assert_int_equal(numbers(&items), 341);
}

static void a_list_fills_again_when_it_was_empty(void **state)
{
    struct items items = { 0 };
    struct item a = { .number = 1 }, b = { .number = 2 };
    (void)state;
    os_list_prepend(&items.list, &a, node);
    os_list_append(&items.list, &b, node);
    assert_int_equal(numbers(&items), 12);
    os_list_remove(&items.list, &b, node);
    os_list_remove(&items.list, &a, node);
    assert_int_equal(numbers(&items), 0);
    os_list_append(&items.list, &b, node);
    os_list_prepend(&items.list, &a, node);
    assert_int_equal(numbers(&items), 12);
}

static void an_item_knows_whether_it_is_in_a_list(void **state)
{
    struct items items = { 0 }, others = { 0 };
    struct item a = { .number = 1 };
    (void)state;
    assert_false(os_list_holds(&a, node));
    os_list_append(&items.list, &a, node);
    os_list_append(&others.list, &a, other);
    os_list_remove(&others.list, &a, other);
    assert_true(os_list_holds(&a, node));
    assert_false(os_list_holds(&a, other));
    assert_int_equal(numbers(&items), 1);
    os_list_remove(&items.list, &a, node);
    assert_false(os_list_holds(&a, node));
    os_list_prepend(&items.list, &a, node);
    assert_true(os_list_holds(&a, node));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_keep_their_order),
        cmocka_unit_test(a_list_fills_again_when_it_was_empty),
        cmocka_unit_test(an_item_knows_whether_it_is_in_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
