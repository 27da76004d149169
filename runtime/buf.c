/*
 * Buffers: allocation and reference counts. Views and pages are pooled. A page's description lies apart from
 * it, so that a driver may hand the whole page to a device or to another domain. buf_pool.c fills the pools,
 * and buf_chain.c has the operations on chains.
 */
#include "runtime.h"

#include <stdlib.h>

#include "buf_page.h"

struct buf *buf_view_new(uint8_t *data, size_t len, struct buf_page *page)
{
    if (unlikely(runtime.free_views == NULL) && !buf_refill_views())
        return NULL;
    struct buf *b = runtime.free_views;
    ASAN_UNPOISON_MEMORY_REGION(b, sizeof *b);
    runtime.free_views = b->next;
    runtime.buf.views++;
    *b = (struct buf){ .data = data, .len = (uint32_t)len, .page = page };
    return b;
}

void buf_view_free(struct buf *b)
{
    b->next = runtime.free_views;
    runtime.free_views = b;
    runtime.buf.views--;
    ASAN_POISON_MEMORY_REGION(b, sizeof *b);
}

static struct buf_page *pool_page(void)
{
    if (unlikely(runtime.free_pages == NULL) && !buf_refill_pages())
        return NULL;
    struct buf_page *page = runtime.free_pages;
    runtime.free_pages = page->next;
    runtime.buf.pooled_pages--;
    ASAN_UNPOISON_MEMORY_REGION(page->start, BUF_PAGE_SIZE);
    return page;
}

static inline void pool_page_free(struct buf_page *page)
{
    page->next = runtime.free_pages;
    runtime.free_pages = page;
    runtime.buf.pooled_pages++;
    ASAN_POISON_MEMORY_REGION(page->start, BUF_PAGE_SIZE);
}

struct buf_page *buf_take_page(void)
{
    return pool_page();
}

void buf_give_page(struct buf_page *page)
{
    pool_page_free(page);
}

static struct buf_page *heap_page(size_t headroom, size_t len)
{
    size_t size = sizeof(struct buf_page) + headroom + len;
    struct buf_page *page = malloc(size);
    if (page == NULL)
        return NULL;
    page->kind = BUF_PAGE_HEAP;
    page->pinned = size;
    page->start = (uint8_t *)(page + 1);
    page->end = page->start + headroom + len;
    runtime.buf.heap_pieces++;
    runtime.buf.heap_bytes += size;
    return page;
}

static void page_free(struct buf_page *page)
{
    runtime.buf.pages--;
    switch (page->kind) {
    case BUF_PAGE_POOL: pool_page_free(page); break;
    case BUF_PAGE_HEAP:
        runtime.buf.heap_pieces--;
        runtime.buf.heap_bytes -= page->pinned;
        free(page);
        break;
    case BUF_PAGE_EXTERN: {
        void (*release)(void *) = page->release;
        void *arg = page->arg;
        page->next = runtime.free_externs;
        runtime.free_externs = page;
        release(arg);
        break;
    }
    }
}

/* The first view of a page. NULL: no memory, and the page was freed. */
static inline struct buf *first_view(struct buf_page *page, size_t headroom, size_t len)
{
    if (unlikely(page == NULL))
        return NULL;
    runtime.buf.pages++;
    page->refs = 1;
    struct buf *b = buf_view_new(page->start + headroom, len, page);
    if (unlikely(b == NULL))
        page_free(page);
    return b;
}

struct buf *buf_alloc(size_t len)
{
    if (unlikely(len > UINT32_MAX - 4096) || allocation_fails())
        return NULL;
    return first_view(likely(len <= BUF_PAGE_ROOM) ? pool_page() : heap_page(BUF_HEADROOM, len), BUF_HEADROOM,
                      len);
}

struct buf *buf_alloc_compact(size_t len)
{
    if (allocation_fails())
        return NULL;
    return first_view(len > BUF_PAGE_SIZE / 2 ? pool_page() : heap_page(0, len), 0, len);
}

struct buf *buf_copy(const void *data, size_t len)
{
    struct buf *b = buf_alloc(len);
    if (b != NULL && len > 0)
        memcpy(b->data, data, len);
    return b;
}

struct buf *buf_static(const void *data, size_t len)
{
    if (len > UINT32_MAX || allocation_fails())
        return NULL;
    return buf_view_new((uint8_t *)(uintptr_t)data, len, NULL);
}

struct buf *buf_extern(void *data, size_t len, void (*release)(void *arg), void *arg)
{
    if (len > UINT32_MAX || allocation_fails())
        return NULL;
    if (unlikely(runtime.free_externs == NULL) && !buf_refill_externs())
        return NULL;
    struct buf_page *page = runtime.free_externs;
    struct buf *b = buf_view_new(data, len, page);
    if (b == NULL)
        return NULL;
    runtime.free_externs = page->next;
    runtime.buf.pages++;
    *page = (struct buf_page){ .refs = 1,
                               .kind = BUF_PAGE_EXTERN,
                               .pinned = len,
                               .start = data,
                               .end = (uint8_t *)data + len,
                               .release = release,
                               .arg = arg };
    return b;
}

void buf_free(struct buf *b)
{
    while (b != NULL) {
        struct buf *next = b->next;
        struct buf_page *page = b->page;
        buf_view_free(b);
        if (page != NULL && --page->refs == 0)
            page_free(page);
        b = next;
    }
}

bool buf_is_shared(const struct buf *b)
{
    return b->page == NULL || b->page->refs > 1;
}

size_t buf_headroom(const struct buf *b)
{
    return buf_is_shared(b) ? 0 : (size_t)(b->data - b->page->start);
}

size_t buf_tailroom(const struct buf *b)
{
    return buf_is_shared(b) ? 0 : (size_t)(b->page->end - (b->data + b->len));
}

void buf_get_stats(struct buf_stats *out)
{
    *out = runtime.buf;
}
