/* What holds the bytes of views, for buf.c and buf_chain.c. */
#ifndef RUNTIME_BUF_PAGE_H
#define RUNTIME_BUF_PAGE_H

#include <mirage/buf.h>

#define BUF_PAGE_SIZE 4096

enum buf_page_kind { BUF_PAGE_POOL, BUF_PAGE_HEAP, BUF_PAGE_EXTERN };

struct buf_page {
    uint32_t refs; /* views of it */
    uint8_t kind;  /* enum buf_page_kind */
    size_t pinned; /* memory that a view of it keeps */
    uint8_t *start, *end;
    void (*release)(void *arg); /* of foreign memory */
    void *arg;
    struct buf_page *next; /* when free */
};

/* A view that takes over the caller's reference to `page`; NULL: no memory. */
struct buf *buf_view_new(uint8_t *data, size_t len, struct buf_page *page);

/* A page of the pool for something else than bytes, and its return. NULL: no memory. */
struct buf_page *buf_take_page(void);
void buf_give_page(struct buf_page *page);

/* Only the view: its reference goes elsewhere. */
void buf_view_free(struct buf *b);

/* Fill a pool that has nothing free. False: no memory. */
bool buf_refill_views(void);
bool buf_refill_pages(void);
bool buf_refill_externs(void);

/* What a view itself takes. */
#define BUF_VIEW_SIZE 64

/* A writable buffer of up to BUF_PAGE_SIZE bytes that holds as little memory as it can. NULL: no memory. */
struct buf *buf_alloc_compact(size_t len);

#endif
