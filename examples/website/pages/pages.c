#include "pages.h"

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);
    return len > n && strcmp(text + len - n, end) == 0;
}

/* A chain as text with a NUL behind it; takes the chain. */
static err text_of(struct buf *chain, struct text *out)
{
    size_t len = buf_len(chain);
    char *data = malloc(len + 1);
    err e = data == NULL ? ERR_NO_MEMORY : buf_read_copy(chain, 0, data, len);

    buf_free(chain);
    if (e != OK) {
        free(data);
        return e;
    }
    data[len] = '\0';
    *out = (struct text){ data, len };
    return OK;
}

INTERNAL struct page *page_find(const struct pages *pages, const char *key)
{
    struct page *page = pages->first;

    if (*key == '/')
        key++;
    while (page != NULL && strcmp(page->key, key) != 0)
        page = page->next;
    return page;
}

INTERNAL IO err body_open(const struct pages *pages, const struct page *page, struct pages_value *out)
{
    struct kv_info info;

    *out = (struct pages_value){ .page = page };
    return page->is_template ? templates_open(pages->templates, page->key, &out->template, &info)
                             : docs_open(pages->docs, page->key, &out->document, &info);
}

INTERNAL IO err body_read(const struct pages_value *value, enum kv_encoding encoding, uint64_t offset,
                          uint64_t len, struct buf **out)
{
    return value->template ? templates_read(value->template, encoding, offset, len, out)
                           : docs_read(value->document, encoding, offset, len, out);
}

INTERNAL void body_close(const struct pages_value *value)
{
    if (value->template != NULL)
        templates_close(value->template);
    else
        docs_close(value->document);
}

INTERNAL IO err page_body(const struct pages *pages, const struct page *page, struct text *out)
{
    struct buf *body;

    if (page->is_template)
        TRY(templates_get(pages->templates, page->key, &body));
    else
        TRY(docs_get(pages->docs, page->key, &body));
    return text_of(body, out);
}

static err escape(const char *plain, char **out)
{
    size_t len;
    FILE *file = open_memstream(out, &len);

    if (file == NULL)
        return ERR_NO_MEMORY;
    for (; *plain != '\0'; plain++) {
        switch (*plain) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        default: fputc(*plain, file);
        }
    }
    if (fclose(file) == 0)
        return OK;
    free(*out);
    *out = NULL;
    return ERR_NO_MEMORY;
}

static err page_add(struct pages *pages, const char *key, const char *title, struct page **out)
{
    struct page *page = calloc(1, sizeof *page), **end = &pages->first;

    if (page == NULL)
        return ERR_NO_MEMORY;
    while (*end != NULL)
        end = &(*end)->next;
    *end = *out = page;
    page->key = strdup(key);
    return page->key == NULL ? ERR_NO_MEMORY : escape(title, &page->title);
}

static IO err add_document(struct pages *pages, const char *key)
{
    char name[KV_KEY_MAX + 16];
    struct page *page;
    struct buf *chain;
    struct text title;

    snprintf(name, sizeof name, "%.*s.title", (int)strlen(key) - 5, key);
    err e = docs_get(pages->docs, name, &chain);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e; /* an .html file that was one from the beginning */
    TRY(text_of(chain, &title));
    e = page_add(pages, key, title.data, &page);
    free(title.data);
    return e == OK ? docs_stat(pages->docs, key, &page->body) : e;
}

static IO err add_documents(struct pages *pages, const char *folder)
{
    struct kv_list list;

    TRY(docs_list(pages->docs, folder, &list));
    err e = OK;
    for (size_t i = 0; i < list.count && e == OK; i++) {
        char key[KV_KEY_MAX + 1];
        snprintf(key, sizeof key, "%s%s%s", folder, *folder ? "/" : "", list.entries[i].name);
        if (list.entries[i].kind == KV_DICTIONARY)
            e = add_documents(pages, key);
        else if (ends_with(key, ".html"))
            e = add_document(pages, key);
    }
    kv_list_free(&list);
    return e;
}

static IO err load(struct pages *pages)
{
    struct page *missing;
    struct buf *template;

    TRY(templates_get(pages->templates, "page.html", &template));
    TRY(text_of(template, &pages->template));
    TRY(add_documents(pages, ""));
    TRY(pages_order(pages));
    TRY(page_add(pages, "404.html", "Not found", &missing));
    missing->is_template = true;
    TRY(templates_stat(pages->templates, "404.html", &missing->body));
    for (struct page *page = pages->first; page != NULL; page = page->next) {
        TRY(page_compose(pages, page));
        TRY(page_compress(pages, page));
    }
    return OK;
}

IO err pages_connect(struct pages **out, struct docs *docs, struct templates *templates)
{
    struct pages *pages = calloc(1, sizeof *pages);

    if (pages == NULL)
        return ERR_NO_MEMORY;
    pages->docs = docs;
    pages->templates = templates;
    err e = load(pages);
    if (e == OK)
        *out = pages;
    else
        pages_disconnect(pages);
    return e;
}

IO void pages_disconnect(struct pages *pages)
{
    for (struct page *page = pages->first, *next; page != NULL; page = next) {
        next = page->next;
        for (int i = 0; i < 2; i++) {
            free(page->cover[i].front.data);
            free(page->cover[i].back.data);
        }
        free(page->key);
        free(page->title);
        free(page->section);
        free(page);
    }
    free(pages->template.data);
    free(pages);
}

/* What isn't a page is the documents' own, but for what the pages are made of. */
static bool is_hidden(const char *key)
{
    return ends_with(key, ".title");
}

IO err pages_stat(struct pages *pages, const char *key, struct kv_info *out)
{
    struct page *page = page_find(pages, key);

    if (page == NULL)
        return is_hidden(key) ? ERR_NOT_FOUND : docs_stat(pages->docs, key, out);
    *out = page->info;
    return OK;
}

/* Append to the chain what lies in offset … offset + len of a piece that begins at `at`. */
static err add_text(struct buf **chain, const struct text *piece, uint64_t at, uint64_t offset, uint64_t len)
{
    uint64_t from = offset > at ? offset : at;
    uint64_t to = offset + len < at + piece->len ? offset + len : at + piece->len;

    if (from >= to)
        return OK;
    struct buf *view = buf_static(piece->data + (from - at), to - from);
    *chain = buf_append(*chain, view);
    return view == NULL ? ERR_NO_MEMORY : OK;
}

/*
 * Likewise of the document, which begins at `at`. Of its gzip variant the deflated blocks are
 * taken, without the header before and the last block and trailer behind them; see gzip.c.
 */
static IO err add_body(struct buf **chain, const struct pages_value *value, enum kv_encoding encoding,
                       uint64_t at, uint64_t size, uint64_t offset, uint64_t len)
{
    uint64_t from = offset > at ? offset : at;
    uint64_t to = offset + len < at + size ? offset + len : at + size;
    uint64_t skipped = encoding == KV_GZIP ? 10 : 0;
    struct buf *view;

    if (from >= to)
        return OK;
    TRY(body_read(value, encoding, from - at + skipped, to - from, &view));
    *chain = buf_append(*chain, view);
    return OK;
}

IO err pages_open(struct pages *pages, const char *key, struct pages_value **out, struct kv_info *info)
{
    struct page *page = page_find(pages, key);
    err e;

    if (page == NULL && is_hidden(key))
        return ERR_NOT_FOUND;
    struct pages_value *value = malloc(sizeof *value);
    if (value == NULL)
        return ERR_NO_MEMORY;
    if (page != NULL) {
        e = body_open(pages, page, value);
        *info = page->info;
    } else {
        *value = (struct pages_value){ 0 };
        e = docs_open(pages->docs, key, &value->document, info);
    }
    if (e == OK)
        *out = value;
    else
        free(value);
    return e;
}

void pages_close(struct pages_value *value)
{
    body_close(value);
    free(value);
}

IO err pages_read(struct pages_value *value, enum kv_encoding encoding, uint64_t offset, uint64_t len,
                  struct buf **out)
{
    const struct page *page = value->page;

    if (page == NULL)
        return docs_read(value->document, encoding, offset, len, out);
    uint64_t whole = encoding == KV_GZIP ? page->info.gzip_size : page->info.size;
    if (whole == 0)
        return ERR_NOT_FOUND;
    if (offset > whole || len > whole - offset)
        return ERR_RANGE;

    const struct cover *cover = &page->cover[encoding];
    uint64_t behind = whole - cover->back.len;
    struct buf *chain = NULL;
    err e = add_text(&chain, &cover->front, 0, offset, len);
    if (e == OK)
        e = add_body(&chain, value, encoding, cover->front.len, behind - cover->front.len, offset, len);
    if (e == OK)
        e = add_text(&chain, &cover->back, behind, offset, len);
    if (e == OK)
        *out = chain;
    else
        buf_free(chain);
    return e;
}

IO err pages_get(struct pages *pages, const char *key, struct buf **out)
{
    struct pages_value *value;
    struct kv_info info;

    if (page_find(pages, key) == NULL)
        return is_hidden(key) ? ERR_NOT_FOUND : docs_get(pages->docs, key, out);
    TRY(pages_open(pages, key, &value, &info));
    err e = pages_read(value, KV_IDENTITY, 0, info.size, out);
    pages_close(value);
    return e;
}

/* The documents' names, with the page for what is not found, which is the templates'. */
IO err pages_list(struct pages *pages, const char *key, struct kv_list *out)
{
    struct kv_list list;
    size_t count = 0;

    TRY(docs_list(pages->docs, key, &list));
    for (size_t i = 0; i < list.count; i++)
        if (list.entries[i].kind == KV_DICTIONARY || !is_hidden(list.entries[i].name))
            list.entries[count++] = list.entries[i];
    list.count = count;
    if (*key == '\0' || strcmp(key, "/") == 0) {
        struct kv_entry *grown = realloc(list.entries, (count + 1) * sizeof *grown);
        if (grown == NULL) {
            kv_list_free(&list);
            return ERR_NO_MEMORY;
        }
        list.entries = grown;
        while (count > 0 && strcmp(grown[count - 1].name, "404.html") > 0) {
            grown[count] = grown[count - 1];
            count--;
        }
        grown[count] = (struct kv_entry){ "404.html", KV_VALUE };
        list.count++;
    }
    *out = list;
    return OK;
}
