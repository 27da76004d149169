/* Buffers: the operations on whole messages, that is on chains of views. */
#include "runtime.h"

#include "buf_page.h"

static struct buf *view_of(const struct buf *b, size_t offset, size_t len)
{
    struct buf *view = buf_view_new(b->data + offset, len, b->page);
    if (view != NULL && b->page != NULL)
        b->page->refs++;
    return view;
}

struct buf *buf_slice(const struct buf *b, size_t offset, size_t len)
{
    struct buf *head = NULL, **link = &head;
    if (b == NULL || allocation_fails())
        return NULL;
    while (offset > 0 && offset >= b->len && b->next != NULL) {
        offset -= b->len;
        b = b->next;
    }
    do {
        assert(b != NULL && offset <= b->len);
        if (b == NULL || offset > b->len)
            goto fail;
        size_t piece = b->len - offset < len ? b->len - offset : len;
        /* Empty views are skipped, unless nothing at all is asked for. */
        if (piece > 0 || len == 0) {
            *link = view_of(b, offset, piece);
            if (*link == NULL)
                goto fail;
            link = &(*link)->next;
        }
        offset = 0;
        len -= piece;
        b = b->next;
    } while (len > 0);
    return head;
fail:
    buf_free(head);
    return NULL;
}

struct buf *buf_share(const struct buf *b)
{
    struct buf *shared = b != NULL ? buf_slice(b, 0, buf_len(b)) : NULL;
    if (shared != NULL)
        buf_copy_metadata(shared, b);
    return shared;
}

size_t buf_len(const struct buf *b)
{
    size_t len = 0;
    for (; b != NULL; b = b->next)
        len += b->len;
    return len;
}

struct buf *buf_prepend(struct buf *b, size_t n)
{
    if (b == NULL)
        return NULL;
    struct buf *first = b;
    if (likely(buf_headroom(b) >= n)) {
        b->data -= n;
        b->len += (uint32_t)n;
    } else {
        first = buf_alloc(n);
        if (first == NULL) {
            buf_free(b);
            return NULL;
        }
        first->next = b;
        buf_copy_metadata(first, b);
    }
    if (first->csum == BUF_CSUM_PARTIAL)
        first->csum_start = (uint16_t)(first->csum_start + n);
    return first;
}

struct buf *buf_advance(struct buf *b, size_t n)
{
    if (b == NULL || n == 0)
        return b;
    if (b->csum == BUF_CSUM_PARTIAL) {
        if (n > b->csum_start) {
            b->csum = BUF_CSUM_UNKNOWN;
            b->csum_start = 0;
        } else {
            b->csum_start = (uint16_t)(b->csum_start - n);
        }
    }
    while (n >= b->len) {
        struct buf *next = b->next;
        n -= b->len;
        if (next != NULL)
            buf_copy_metadata(next, b);
        b->next = NULL;
        buf_free(b);
        b = next;
        if (b == NULL || n == 0)
            return b;
    }
    b->data += n;
    b->len -= (uint32_t)n;
    return b;
}

void buf_truncate(struct buf *b, size_t n)
{
    if (b == NULL)
        return;
    while (n > b->len) {
        n -= b->len;
        if (b->next == NULL)
            return;
        b = b->next;
    }
    b->len = (uint32_t)n;
    buf_free(b->next);
    b->next = NULL;
}

struct buf *buf_append(struct buf *head, struct buf *tail)
{
    if (head == NULL)
        return tail;
    struct buf *last = head;
    while (last->next != NULL)
        last = last->next;
    last->next = tail;
    return head;
}

struct buf *buf_pull_up(struct buf *b, size_t n)
{
    if (b == NULL || likely(n <= b->len))
        return b;
    assert(n <= buf_len(b));
    if (buf_tailroom(b) >= n - b->len && n <= buf_len(b)) {
        size_t more = n - b->len;
        IGNORE(buf_read_copy(b->next, 0, b->data + b->len, more));
        b->len = (uint32_t)n;
        b->next = buf_advance(b->next, more);
        return b;
    }
    struct buf *first = buf_alloc(n);
    if (first == NULL || buf_read_copy(b, 0, first->data, n) != OK) {
        buf_free(first);
        buf_free(b);
        return NULL;
    }
    buf_copy_metadata(first, b);
    first->next = buf_advance(b, n);
    return first;
}

err buf_read_copy(const struct buf *b, size_t offset, void *out, size_t len)
{
    uint8_t *to = out;
    while (b != NULL && offset >= b->len && (offset > 0 || b->len == 0)) {
        offset -= b->len;
        b = b->next;
    }
    if (buf_len(b) < offset + len)
        return offset == 0 && len == 0 ? OK : ERR_RANGE;
    while (len > 0) {
        size_t piece = b->len - offset < len ? b->len - offset : len;
        memcpy(to, b->data + offset, piece);
        to += piece;
        len -= piece;
        offset = 0;
        b = b->next;
    }
    return OK;
}
