/*
 * The pools of buffers: how they are filled, and how the pool of pages gives memory back after a burst. Views
 * lie in pages of that pool; buf_views.c gives these back to it.
 *
 * Free pages are in one of three lists. Pages are taken from and freed to `free_pages`. Once in a period, all
 * but the first POOL_WARM of these become `spare_pages`, which are used when no other is free. What is still
 * there a period later was not needed for that long: its memory goes back to the platform, and the pages
 * become `returned_pages`. So the pool keeps what a load needs again within a period, and taking and freeing
 * a page costs nothing for it.
 */
#include "runtime.h"

#include <stdlib.h>

#include "buf_page.h"

#define SLAB_ITEMS 64

/* So many free pages keep their memory: 1 MB. */
#define POOL_WARM 256
/* So much may be free in the heap. */
#define HEAP_WARM ((size_t)1 << 20)
/* The most pages that one turn of the loop gives back. */
#define TRIM_AT_ONCE 1024

/*
 * A slab of descriptions of pages or of foreign memory. Slabs are listed here so that leak checkers find
 * them.
 */
struct buf_slab {
    struct buf_slab *next;
    void *memory;
};

static void *slab_new(size_t item, void *memory)
{
    struct buf_slab *slab = aligned_alloc(64, 64 + SLAB_ITEMS * item);
    if (slab == NULL)
        return NULL;
    *slab = (struct buf_slab){ runtime.slabs, memory };
    runtime.slabs = slab;
    return (char *)slab + 64;
}

/* Move some pages from the list to the free ones. Returns how many. */
static size_t take_back(struct buf_page **list)
{
    size_t n = 0;
    for (struct buf_page *page; n < SLAB_ITEMS && (page = *list) != NULL; n++) {
        *list = page->next;
        page->next = runtime.free_pages;
        runtime.free_pages = page;
    }
    return n;
}

bool buf_refill_pages(void)
{
    if (take_back(&runtime.spare_pages) > 0)
        return true;
    size_t returned = take_back(&runtime.returned_pages);
    runtime.buf.returned_pages -= returned;
    runtime.buf.pooled_pages += returned;
    if (returned > 0)
        return true;
    uint8_t *memory = platform_pages_alloc(SLAB_ITEMS * BUF_PAGE_SIZE);
    struct buf_page *pages = memory != NULL ? slab_new(sizeof *pages, memory) : NULL;
    if (pages == NULL) {
        if (memory != NULL)
            platform_pages_free(memory, SLAB_ITEMS * BUF_PAGE_SIZE);
        return false;
    }
    for (size_t i = SLAB_ITEMS; i-- > 0;) {
        uint8_t *start = memory + i * BUF_PAGE_SIZE;
        pages[i] = (struct buf_page){ .kind = BUF_PAGE_POOL,
                                      .pinned = BUF_PAGE_SIZE,
                                      .start = start,
                                      .end = start + BUF_PAGE_SIZE,
                                      .next = runtime.free_pages };
        runtime.free_pages = &pages[i];
        ASAN_POISON_MEMORY_REGION(start, BUF_PAGE_SIZE);
    }
    runtime.buf.pooled_pages += SLAB_ITEMS;
    return true;
}

bool buf_refill_externs(void)
{
    struct buf_page *pages = slab_new(sizeof *pages, NULL);
    if (pages == NULL)
        return false;
    for (size_t i = SLAB_ITEMS; i-- > 0;) {
        pages[i].next = runtime.free_externs;
        runtime.free_externs = &pages[i];
    }
    return true;
}

/* Give back one run of spare pages that lie side by side. Returns how many they are. */
static size_t trim_run(void)
{
    struct buf_page *page = runtime.spare_pages;
    uint8_t *start = page->start, *end = page->end;
    size_t n = 0;
    do {
        if (page->start < start)
            start = page->start;
        if (page->end > end)
            end = page->end;
        runtime.spare_pages = page->next;
        page->next = runtime.returned_pages;
        runtime.returned_pages = page;
        n++;
        page = runtime.spare_pages;
    } while (page != NULL && n < TRIM_AT_ONCE && (page->start == end || page->end == start));
    runtime.buf.pooled_pages -= n;
    runtime.buf.returned_pages += n;
    platform_pages_trim(start, (size_t)(end - start));
    return n;
}

/* Make spare pages of the free ones, but for those that were used last. */
static void set_aside(void)
{
    struct buf_page **link = &runtime.free_pages;
    for (size_t n = 0; n < POOL_WARM && *link != NULL; n++)
        link = &(*link)->next;
    runtime.spare_pages = *link;
    *link = NULL;
}

/* Returns when to do it again, as buf_trim_pool. */
static os_time trim_pages(os_time now)
{
    if (likely(runtime.buf.pooled_pages <= POOL_WARM))
        return OS_NEVER;
    if (trim_waits(runtime.trim_at, now))
        return runtime.trim_at;
    for (size_t n = 0; runtime.spare_pages != NULL && n < TRIM_AT_ONCE;)
        n += trim_run();
    if (runtime.spare_pages != NULL)
        return 0;
    set_aside();
    runtime.trim_at = now + TRIM_PERIOD;
    return runtime.spare_pages != NULL ? runtime.trim_at : OS_NEVER;
}

/*
 * Give back what the heap has free when much of what buffers held there was freed. The heap itself gives back
 * only what lies at its end.
 */
static os_time trim_heap(os_time now)
{
    size_t held = runtime.buf.heap_bytes;
    if (held > runtime.heap_peak)
        runtime.heap_peak = held;
    if (likely(runtime.heap_peak - held <= HEAP_WARM))
        return OS_NEVER;
    if (!trim_is_due(&runtime.heap_trim_at, now))
        return runtime.heap_trim_at;
    runtime.heap_peak = held;
    platform_heap_trim();
    return OS_NEVER;
}

static os_time sooner(os_time a, os_time b)
{
    return a < b ? a : b;
}

os_time buf_trim_pool(os_time now)
{
    os_time views = buf_trim_views(now), heap = trim_heap(now);
    /* Views give their pages to the pool. */
    return sooner(sooner(views, heap), trim_pages(now));
}
