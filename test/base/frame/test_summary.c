#include <base/frame/summary.h>

#include "test/support/test.h"

/* From 02:00:00:00:00:01 to 02:00:00:00:00:02. */
#define LINK "\2\0\0\0\0\2\2\0\0\0\0\1"
#define ENDS "02:00:00:00:00:01 > 02:00:00:00:00:02"

static void summaries(void **state)
{
    static const struct {
        const char *frame, *line;
        size_t len;
    } cases[] = {
#define CASE(frame, line) { frame, line, sizeof frame - 1 }
        CASE("short", "5 bytes, too few for a frame"),
        CASE(LINK "\x12\x34", ENDS " type 1234, 14 bytes"),
        CASE(LINK "\x08\x06\0\1\x08\0\6\4\0\1\2\0\0\0\0\1\x0a\0\0\1\0\0\0\0\0\0\x0a\0\0\2",
             ENDS " ARP who has 10.0.0.2? tell 10.0.0.1"),
        CASE(LINK "\x08\x06\0\1", ENDS " ARP of another kind"),
        CASE(LINK "\x08\0\x45\0\0\x20\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2\0\x35\4\0\0\x0c\0\0data",
             ENDS " 10.0.0.1 > 10.0.0.2 UDP 53 > 1024 len 4"),
        CASE(LINK "\x08\0\x45\0\0\x20\0\x07\x20\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\2\0\x35",
             ENDS " 10.0.0.1 > 10.0.0.2 TCP cut short, first fragment of 7"),
        CASE(LINK "\x08\0\x44", ENDS " IPv4 malformed"),
        CASE(LINK "\x86\xdd\x60", ENDS " IPv6 malformed"),
#undef CASE
    };
    char line[FRAME_SUMMARY_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        /* The summary is the same wherever the frame is cut into views. */
        for (size_t cut = 0; cut < cases[i].len; cut++) {
            struct buf *frame =
                buf_append(buf_copy(cases[i].frame, cut), buf_copy(cases[i].frame + cut, cases[i].len - cut));
            assert_non_null(frame);
            frame_summary(frame, line);
            assert_string_equal(line, cases[i].line);
            buf_free(frame);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(summaries) };

    return cmocka_run_group_tests_name("frame summary", tests, NULL, NULL);
}
