/*
 * Fuzzes headers of segments. Parsing never reads past the end, and what was parsed is the same after it is
 * written and parsed again.
 */
#include "host.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct segment s, t;
    uint8_t *copy = malloc(size ? size : 1), header[2 * HEADER_MAX];
    memcpy(copy, input, size);
    memset(&s, 0, sizeof s);
    if (segment_parse(copy, size, &s) == OK) {
        CHECK(s.header_len >= HEADER_SIZE && s.header_len <= size && s.header_len <= HEADER_MAX);
        CHECK(s.sack_count <= SACK_BLOCKS && s.scale <= 14 && s.fast_open.len <= FAST_OPEN_COOKIE_MOST);
        size_t len = segment_header_len(&s);
        if (len <= HEADER_MAX) {
            memset(&t, 0, sizeof t);
            segment_emit(header, &s);
            CHECK(segment_parse(header, len, &t) == OK);
            CHECK(t.seq == s.seq && t.ack == s.ack && t.flags == s.flags && t.window == s.window &&
                  t.mss == s.mss);
            CHECK(t.has_timestamp == s.has_timestamp && t.tsval == s.tsval && t.tsecr == s.tsecr);
            CHECK(t.has_scale == s.has_scale && t.scale == s.scale && t.sack_permitted == s.sack_permitted);
            CHECK(t.fast_open.kind == s.fast_open.kind &&
                  (s.fast_open.kind == 0 || same_cookie(&t.fast_open, &s.fast_open)));
            CHECK(t.sack_count == s.sack_count &&
                  memcmp(t.sacks, s.sacks, s.sack_count * sizeof *s.sacks) == 0);
        }
    }
    free(copy);
    return 0;
}
