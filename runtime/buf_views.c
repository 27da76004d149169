/*
 * The pool of views. Views lie in pages of the pool of pages, of which the first place describes the page.
 *
 * Taking and freeing a view knows nothing of these pages. When many views have been free for a period, the
 * free ones are sorted, some in each turn of the loop: each is put into the list of its page. A page all of
 * whose views are there goes back to its pool. Whoever needs views meanwhile takes them from the pages that
 * are not whole.
 */
#include "runtime.h"

#include "buf_page.h"

/* So many free views are left alone. */
#define VIEWS_WARM 8192
/* The most views that one turn of the loop sorts. */
#define SORTED_AT_ONCE 4096
/* The most that are taken at once from those that are not sorted yet. */
#define TAKEN_AT_ONCE 64

struct buf_view_page {
    struct buf_page *page;
    struct buf *free;                        /* of its views, those that are sorted */
    size_t count;                            /* how many these are */
    OS_LIST_NODE(struct buf_view_page) node; /* of those with sorted views */
};

enum { VIEWS = BUF_PAGE_SIZE / BUF_VIEW_SIZE - 1 };
_Static_assert(sizeof(struct buf_view_page) <= BUF_VIEW_SIZE && sizeof(struct buf) <= BUF_VIEW_SIZE,
               "a view's place has room for a view and for the description of a page");

static struct buf_view_page *page_of(const struct buf *view)
{
    return (struct buf_view_page *)((uintptr_t)view & ~(uintptr_t)(BUF_PAGE_SIZE - 1));
}

/* Free views are poisoned; only these functions may look at where they lead. */
static struct buf *take(struct buf **list)
{
    struct buf *view = *list;
    ASAN_UNPOISON_MEMORY_REGION(view, sizeof *view);
    *list = view->next;
    return view;
}

static void put(struct buf **list, struct buf *view)
{
    view->next = *list;
    *list = view;
    ASAN_POISON_MEMORY_REGION(view, sizeof *view);
}

/* Use the views of a page that is not whole. */
static bool take_sorted(void)
{
    struct buf_view_page *p = runtime.view_pages.first;
    if (p == NULL)
        return false;
    os_list_remove(&runtime.view_pages, p, node);
    runtime.free_views = p->free;
    p->free = NULL;
    p->count = 0;
    return true;
}

bool buf_refill_views(void)
{
    for (size_t n = 0; n < TAKEN_AT_ONCE && runtime.spare_views != NULL; n++)
        put(&runtime.free_views, take(&runtime.spare_views));
    if (runtime.free_views != NULL || take_sorted())
        return true;
    struct buf_page *page = buf_take_page();
    if (page == NULL)
        return false;
    /* Leak checkers look for pointers there. */
    __lsan_register_root_region(page->start, BUF_PAGE_SIZE);
    struct buf_view_page *p = (struct buf_view_page *)page->start;
    *p = (struct buf_view_page){ .page = page };
    for (size_t i = VIEWS; i > 0; i--)
        put(&runtime.free_views, (struct buf *)(page->start + i * BUF_VIEW_SIZE));
    runtime.views_made += VIEWS;
    return true;
}

static void give_back(struct buf_view_page *p)
{
    struct buf_page *page = p->page;
    os_list_remove(&runtime.view_pages, p, node);
    runtime.views_made -= VIEWS;
    __lsan_unregister_root_region(page->start, BUF_PAGE_SIZE);
    buf_give_page(page);
}

static void sort(struct buf *view)
{
    struct buf_view_page *p = page_of(view);
    if (p->count++ == 0)
        os_list_append(&runtime.view_pages, p, node);
    put(&p->free, view);
    if (p->count == VIEWS)
        give_back(p);
}

os_time buf_trim_views(os_time now)
{
    if (runtime.spare_views != NULL) {
        for (size_t n = 0; n < SORTED_AT_ONCE && runtime.spare_views != NULL; n++)
            sort(take(&runtime.spare_views));
        return runtime.spare_views != NULL ? 0 : OS_NEVER;
    }
    if (likely(runtime.views_made - runtime.buf.views <= VIEWS_WARM || runtime.free_views == NULL))
        return OS_NEVER;
    if (!trim_is_due(&runtime.views_trim_at, now))
        return runtime.views_trim_at;
    runtime.spare_views = runtime.free_views;
    runtime.free_views = NULL;
    return 0;
}
