/* Ethernet addresses as text: what is written is read again, and what is no station's address is refused. */
#include "../../support/test.h"

#include <base/mac/mac.h>

static void test_format(void **state)
{
    const uint8_t mac[6] = { 0x02, 0x9a, 0x00, 0xff, 0x10, 0x01 };
    char text[MAC_TEXT_SIZE];
    uint8_t read[6];

    (void)state;
    assert_string_equal(mac_format(mac, text), "02:9a:00:ff:10:01");
    assert_true(mac_parse(text, read));
    assert_memory_equal(read, mac, sizeof mac);
}

static void test_parse(void **state)
{
    static const char *const wrong[] = { "",
                                         "02:00:00:00:00",
                                         "02:00:00:00:00:01:02",
                                         "02:00:00:00:00:1",
                                         "02:00:00:00:00:0g",
                                         "02-00-00-00-00-01",
                                         "03:00:00:00:00:01" };
    uint8_t read[6];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(mac_parse(wrong[i], read));
    assert_true(mac_parse("FE:00:00:00:00:0a", read));
    assert_int_equal(read[0], 0xfe);
    assert_int_equal(read[5], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
