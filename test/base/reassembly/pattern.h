/* Payload that is nowhere alike, so that a piece in a wrong place is found. */
#ifndef TEST_BASE_REASSEMBLY_PATTERN_H
#define TEST_BASE_REASSEMBLY_PATTERN_H

#include "test/support/test.h"

#include <mirage/buf.h>

/* A view of the payload's bytes from `offset` on. */
static inline struct buf *make_piece(size_t offset, size_t len)
{
    struct buf *b = buf_alloc(len);

    assert_non_null(b);
    for (size_t i = 0; i < len; i++)
        b->data[i] = (uint8_t)((offset + i) * 31 >> 3);
    return b;
}

/* Check that the chain is a whole payload, and free it. */
static inline void check_whole(struct buf *b, size_t len)
{
    size_t at = 0;

    assert_int_equal(buf_len(b), len);
    for (const struct buf *v = b; v != NULL; v = v->next)
        for (size_t i = 0; i < v->len; i++, at++)
            assert_int_equal(v->data[i], (uint8_t)(at * 31 >> 3));
    buf_free(b);
}

#endif
