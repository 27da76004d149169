/*
 * Buffers: a `struct buf` is a view (data, len) of memory that is shared by
 * reference count, so that bytes move between driver, protocol and application
 * without being copied. Views may be chained to make one message of several pieces.
 *
 * Ownership: whoever holds a view frees it or hands it on. An operation that takes a
 * buffer takes the whole chain, on success and on error alike, and one that gives a
 * buffer gives it to the caller. Such operations accept NULL and answer ERR_NO_MEMORY,
 * so that `tcp_write(flow, buf_copy(text, len))` is correct as it stands.
 */
#ifndef MIRAGE_BUF_H
#define MIRAGE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mirage/err.h>

struct buf_page;

/* What is known of the Internet checksum of a packet. */
enum buf_csum {
    BUF_CSUM_UNKNOWN = 0, /* in: verify it; out: it is complete */
    BUF_CSUM_VALID,       /* in: the device verified it */
    BUF_CSUM_PARTIAL,     /* the sum over csum_start..end is to be stored at csum_start + csum_offset;
                             the pseudo-header's sum stands there already */
};

enum buf_gso { BUF_GSO_NONE = 0, BUF_GSO_TCP4, BUF_GSO_TCP6, BUF_GSO_UDP };

struct buf {
    uint8_t *data;         /* first byte; not to be written when buf_is_shared */
    uint32_t len;          /* bytes in this view */
    struct buf *next;      /* the following piece of the same message, or NULL */
    struct buf_page *page; /* what holds the bytes; NULL for static memory */
    /* Of the first view of a packet only: */
    enum buf_csum csum : 8;
    enum buf_gso gso : 8;
    uint16_t gso_size;                /* payload bytes a segment when gso is set */
    uint16_t csum_start, csum_offset; /* csum_start counts from the first byte of the chain;
                                         buf_prepend and buf_advance keep it right */
};

/* Bytes that a fresh buffer keeps free before its data for lower layers' headers. */
#define BUF_HEADROOM 128
/* Data bytes of a buffer from the page pool, behind the headroom. */
#define BUF_PAGE_ROOM (4096 - BUF_HEADROOM - 64)

/*
 * A writable buffer with len = `len` and BUF_HEADROOM bytes before it. Up to
 * BUF_PAGE_ROOM comes from the page pool, more from the heap. NULL: no memory.
 */
struct buf *buf_alloc(size_t len);

/* buf_alloc filled with a copy of the bytes. */
struct buf *buf_copy(const void *data, size_t len);

/* A view of bytes that outlive it: constants, crunched files. Never writable. */
struct buf *buf_static(const void *data, size_t len);

/*
 * A view of memory of the caller's; release(arg) is called when the last view of it
 * is freed. On NULL the caller still owns it.
 */
struct buf *buf_extern(void *data, size_t len, void (*release)(void *arg), void *arg);

/* Another view of the same bytes, of the whole chain. NULL: no memory. */
struct buf *buf_share(const struct buf *b);

/*
 * A new view of `len` bytes from `offset` of the message (over the chain), sharing its
 * bytes. The range must lie within the message. NULL: no memory.
 */
struct buf *buf_slice(const struct buf *b, size_t offset, size_t len);

/* Free the chain; NULL is allowed. The last view of a page returns it to its pool. */
void buf_free(struct buf *b);

/* Bytes in the chain. */
size_t buf_len(const struct buf *b);

/*
 * Whether another view of the same memory exists, or the memory is static; then copy before writing. It tells
 * about this view only, not about the pieces that follow.
 */
bool buf_is_shared(const struct buf *b);

/* Free bytes before and after this view's data, which the only owner may use. */
size_t buf_headroom(const struct buf *b);
size_t buf_tailroom(const struct buf *b);

/*
 * Make `n` bytes of room before the data, and return the first view, whose data begins with them. It is done
 * in place when the view has headroom and is not shared; otherwise a fresh view is chained before it.
 * Consumes `b`. NULL: no memory, and `b` was freed.
 */
struct buf *buf_prepend(struct buf *b, size_t n);

/*
 * Drop `n` bytes from the front of the chain, and free views that become empty. NULL when nothing is left.
 * The packet's metadata moves to the new first view. Dropping bytes that the checksum covers makes it
 * BUF_CSUM_UNKNOWN.
 */
struct buf *buf_advance(struct buf *b, size_t n);

/* Keep the first `n` bytes of the chain; the first view stays, even empty. */
void buf_truncate(struct buf *b, size_t n);

/* Chain `tail` behind `head`; either may be NULL; returns the first. */
struct buf *buf_append(struct buf *head, struct buf *tail);

/*
 * Move the first `n` bytes of the chain into its first view. The chain must have that many. Consumes `b`;
 * NULL as with buf_prepend.
 */
struct buf *buf_pull_up(struct buf *b, size_t n);

/* Copy `len` bytes from `offset` of the chain to `out`; ERR_RANGE when it is shorter. */
err buf_read_copy(const struct buf *b, size_t offset, void *out, size_t len);

/*
 * Bytes of memory that the chain keeps from being freed: its views, and the whole of each page, heap piece or
 * foreign memory that they are views of, also of what other views share. What neighbouring views have in
 * common counts once. A view of one byte may pin a page, so whatever holds what strangers sent is charged by
 * this, not by buf_len.
 */
size_t buf_pinned(const struct buf *b);

/* The same of views that are to be chained behind `last`, whose own memory is counted already; NULL: none. */
size_t buf_pinned_behind(const struct buf *last, const struct buf *b);

/*
 * buf_append for a message that is gathered piece by piece from a stranger: a small piece is copied behind
 * the last view of `head` where that has room, so that pieces of one byte don't hold a page each.
 */
struct buf *buf_gather(struct buf *head, struct buf *tail);

/*
 * Make the chain pin little more than its length, by copying it together when it pins more than three times
 * that, which full packets don't. The packet's metadata stays. Consumes `b`. Without memory for the copy the
 * result is `b` as it was; NULL only when `b` is NULL.
 */
struct buf *buf_compact(struct buf *b);

struct buf_stats {
    size_t views;          /* in use */
    size_t pages;          /* pieces of memory that views hold, from pool, heap and buf_extern */
    size_t pooled_pages;   /* free in the pool */
    size_t returned_pages; /* free, and their memory went back to the platform */
    size_t heap_pieces;    /* of `pages`, those from the heap */
    size_t heap_bytes;     /* held by buffers that don't use a page: they are larger, or were made compact */
};
void buf_get_stats(struct buf_stats *out);

/* Copy what the first view of a chain says of the whole packet: its checksum's state, how it is segmented. */
static inline void buf_copy_metadata(struct buf *to, const struct buf *from)
{
    to->csum = from->csum;
    to->gso = from->gso;
    to->gso_size = from->gso_size;
    to->csum_start = from->csum_start;
    to->csum_offset = from->csum_offset;
}

#endif
