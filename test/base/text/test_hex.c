/* Hexadecimal digits, of which addresses, escapes and chunks are made. */
#include "../../support/test.h"

#include <base/text/hex.h>

static void test_every_character(void **state)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    (void)state;
    for (int c = 0; c < 256; c++) {
        const char *at = c == 0 ? NULL : strchr(lower, c);
        int expected = at != NULL ? (int)(at - lower) : -1;
        if (c != 0 && (at = strchr(upper, c)) != NULL)
            expected = (int)(at - upper);
        assert_int_equal(hex_digit((char)c), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character),
    };
    return cmocka_run_group_tests_name("hex", tests, NULL, NULL);
}
