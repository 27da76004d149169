#include <base/fault/spec.h>

#include "test/support/test.h"

static void is(const char *text, struct fault_spec expected)
{
    struct fault_spec spec;
    const char *wrong;

    assert_int_equal(fault_spec_parse(&spec, text, &wrong), OK);
    assert_int_equal(spec.loss, expected.loss);
    assert_int_equal(spec.duplicate, expected.duplicate);
    assert_int_equal(spec.corrupt, expected.corrupt);
    assert_int_equal(spec.reorder, expected.reorder);
    assert_int_equal(spec.delay, expected.delay);
    assert_int_equal(spec.jitter, expected.jitter);
    assert_int_equal(spec.hold, expected.hold);
    assert_int_equal(spec.rate, expected.rate);
    assert_int_equal(spec.queue, expected.queue);
}

static void faults_are_read(void **state)
{
    (void)state;
    is(NULL, (struct fault_spec){ .hold = MILLISECONDS(2), .queue = 1000 });
    is("", (struct fault_spec){ .hold = MILLISECONDS(2), .queue = 1000 });
    is("loss=5%,duplicate=0.25%,corrupt=100%,reorder=0.0001%", (struct fault_spec){ .loss = 50000,
                                                                                    .duplicate = 2500,
                                                                                    .corrupt = FAULT_PARTS,
                                                                                    .reorder = 1,
                                                                                    .hold = MILLISECONDS(2),
                                                                                    .queue = 1000 });
    is("delay=10ms,jitter=500us,hold=1s,rate=20M,queue=7",
       (struct fault_spec){
           .delay = MILLISECONDS(10), .jitter = 500000, .hold = SECONDS(1), .rate = 20000000, .queue = 7 });
}

static void others_are_refused_where_they_are_wrong(void **state)
{
    static const struct {
        const char *text, *wrong;
    } cases[] = {
        { "loss", "loss" },
        { "loss=5", "loss=5" },
        { "loss=%", "loss=%" },
        { "loss=100.1%", "loss=100.1%" },
        { "loss=5%,less=5%,queue=2", "less=5%,queue=2" },
        { "delay=10", "delay=10" },
        { "delay=ms", "delay=ms" },
        { "delay=999999999999s", "delay=999999999999s" },
        { "rate=1T", "rate=1T" },
        { "queue=0", "queue=0" },
        { "queue=1000001", "queue=1000001" },
        { "delay=1ms,jitter=2ms", "jitter, which is more than the delay" },
    };
    struct fault_spec spec;
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(fault_spec_parse(&spec, cases[i].text, &wrong), ERR_FORMAT);
        assert_string_equal(wrong, cases[i].wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_read),
        cmocka_unit_test(others_are_refused_where_they_are_wrong),
    };

    return cmocka_run_group_tests_name("fault spec", tests, NULL, NULL);
}
