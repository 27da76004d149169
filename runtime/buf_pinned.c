/* Buffers: how much memory a message keeps from being freed, and how it is made to keep less. */
#include "runtime.h"

#include "buf_page.h"

/* What a piece of a compact copy takes besides its bytes: its view, its page's description, malloc's own. */
#define PIECE_COST (BUF_VIEW_SIZE + sizeof(struct buf_page) + 16)

/* A piece of up to so many bytes is copied behind the one before it. */
#define GATHER_COPIED 1024

size_t buf_pinned_behind(const struct buf *last, const struct buf *b)
{
    const struct buf_page *before = last != NULL ? last->page : NULL;
    size_t pinned = 0;
    for (; b != NULL; b = b->next) {
        pinned += BUF_VIEW_SIZE;
        if (b->page != NULL && b->page != before)
            pinned += b->page->pinned;
        before = b->page;
    }
    return pinned;
}

size_t buf_pinned(const struct buf *b)
{
    return buf_pinned_behind(NULL, b);
}

/* A copy of the `len` bytes of the chain, in as few bytes as can be. NULL: no memory. */
static struct buf *compact_copy(const struct buf *b, size_t len)
{
    struct buf *copy = NULL, **end = &copy;
    size_t offset = 0; /* in the view */
    do {
        size_t room = len < BUF_PAGE_SIZE ? len : BUF_PAGE_SIZE;
        struct buf *piece = *end = buf_alloc_compact(room);
        if (piece == NULL) {
            buf_free(copy);
            return NULL;
        }
        end = &piece->next;
        len -= room;
        for (uint8_t *to = piece->data; room > 0;) {
            size_t n = b->len - offset < room ? b->len - offset : room;
            memcpy(to, b->data + offset, n);
            to += n;
            room -= n;
            offset += n;
            if (offset == b->len) {
                b = b->next;
                offset = 0;
            }
        }
    } while (len > 0);
    return copy;
}

struct buf *buf_gather(struct buf *head, struct buf *tail)
{
    struct buf *last = head;
    if (head == NULL || tail == NULL)
        return buf_append(head, tail);
    while (last->next != NULL)
        last = last->next;
    if (tail->len > GATHER_COPIED || tail->next != NULL || buf_tailroom(last) < tail->len) {
        last->next = tail;
        return head;
    }
    memcpy(last->data + last->len, tail->data, tail->len);
    last->len += tail->len;
    buf_free(tail);
    return head;
}

struct buf *buf_compact(struct buf *b)
{
    size_t len = buf_len(b), pieces = len / BUF_PAGE_SIZE + 1;
    if (b == NULL || buf_pinned(b) <= 3 * (len + pieces * PIECE_COST))
        return b;
    struct buf *copy = compact_copy(b, len);
    if (copy == NULL)
        return b;
    buf_copy_metadata(copy, b);
    buf_free(b);
    return copy;
}
