/*
 * A functor from two stores to one: documents, as the catalogue's markdown() renders them, and
 * page templates, to a KV_RO of whole pages. A page is a front and a back of text around the
 * document, whose bytes are not copied. Both stores are read when it connects and taken not to change.
 */
#ifndef PAGES_H
#define PAGES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mirage/functor.h>

PARAM(KV_RO, docs);
PARAM(KV_RO, templates);
MODULE(KV_RO, pages);
LOG_SOURCE(pages);

struct text {
    char *data;
    size_t len;
};

/* What stands before and behind the document's own bytes, in one encoding. */
struct cover {
    struct text front, back;
};

struct page {
    struct page *next; /* in reading order */
    char *key;         /* "tutorial.html" */
    char *title;       /* as HTML */
    char *section;     /* the heading in the index that it stands under, or NULL */
    bool listed;       /* an item of the index's lists leads to it */
    bool is_template;  /* its body is of `templates`, not of `docs` */
    struct kv_info info, body;
    struct cover cover[2]; /* by enum kv_encoding */
};

/* An open page, or a document that is none. Its text lies in one of the two stores. */
struct pages_value {
    const struct page *page; /* NULL: none */
    struct docs_value *document;
    struct templates_value *template;
};

struct pages {
    struct docs *docs;
    struct templates *templates;
    struct page *first; /* the index first, then as it lists them */
    struct text template;
};

/* pages.c */
INTERNAL struct page *page_find(const struct pages *pages, const char *key);
/* The page's own bytes, without its covers. */
INTERNAL IO err body_open(const struct pages *pages, const struct page *page, struct pages_value *out);
INTERNAL IO err body_read(const struct pages_value *value, enum kv_encoding encoding, uint64_t offset,
                          uint64_t len, struct buf **out);
INTERNAL void body_close(const struct pages_value *value);
/* All of them, as text with a NUL behind it; free it. */
INTERNAL IO err page_body(const struct pages *pages, const struct page *page, struct text *out);

/* order.c: put the pages in the order of the index's lists of links, and under its headings. */
INTERNAL IO err pages_order(struct pages *pages);

/* compose.c: make the page's covers, size and tag of the template. */
INTERNAL IO err page_compose(const struct pages *pages, struct page *page);

/* gzip.c: derive the cover of the gzip variant from that of the identity. */
INTERNAL IO err page_compress(const struct pages *pages, struct page *page);

#endif
