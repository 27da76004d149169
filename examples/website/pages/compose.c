#include "pages.h"

/* 64 bits of FNV-1a. */
static uint64_t hash(uint64_t seed, const struct text *text)
{
    for (size_t i = 0; i < text->len; i++)
        seed = (seed ^ (uint8_t)text->data[i]) * UINT64_C(0x100000001b3);
    return seed;
}

/* "modules/" of "modules/tcp.html" */
static size_t folder_len(const char *key)
{
    const char *slash = strrchr(key, '/');
    return slash == NULL ? 0 : (size_t)(slash + 1 - key);
}

/* Whether the page is at hand, or is the index of the folder of one that the navigation lacks. */
static const char *current(const struct page *listed, const struct page *page)
{
    size_t folder = folder_len(page->key);

    if (listed == page)
        return " aria-current=\"page\"";
    if (!page->listed && folder > 0 && strncmp(listed->key, page->key, folder) == 0 &&
        strcmp(listed->key + folder, "index.html") == 0)
        return " aria-current=\"true\"";
    return "";
}

/* A page's address without the name that the server adds by itself. */
static void print_link(FILE *out, const struct page *to, const char *attributes)
{
    size_t len = strlen(to->key), folder = folder_len(to->key);

    if (strcmp(to->key + folder, "index.html") == 0)
        len = folder;
    fprintf(out, "<a href=\"/%.*s\"%s>%s</a>", (int)len, to->key, attributes, to->title);
}

static void print_navigation(FILE *out, const struct pages *pages, const struct page *page)
{
    const char *section = NULL;

    fprintf(out, "<ul>\n");
    for (const struct page *p = pages->first; p != NULL; p = p->next) {
        if (!p->listed)
            continue;
        if (p->section != NULL && (section == NULL || strcmp(section, p->section) != 0)) {
            fprintf(out, "</ul>\n<h2>%s</h2>\n<ul>\n", p->section);
            section = p->section;
        }
        fprintf(out, "<li>");
        print_link(out, p, current(p, page));
        fprintf(out, "</li>\n");
    }
    fprintf(out, "</ul>\n");
}

/* Links to the pages before and after this one, in reading order. */
static void print_neighbours(FILE *out, const struct pages *pages, const struct page *page)
{
    const struct page *before = NULL;

    if (!page->listed)
        return;
    for (const struct page *p = pages->first; p != page; p = p->next)
        if (p->listed)
            before = p;
    if (before != NULL)
        print_link(out, before, " rel=\"prev\"");
    if (page->next != NULL && page->next->listed)
        print_link(out, page->next, " rel=\"next\"");
}

static void print_slot(FILE *out, const struct pages *pages, const struct page *page, const char *slot,
                       size_t len)
{
    const char *site = pages->first->title;

    if (len == 4 && memcmp(slot, "name", len) == 0 && page != pages->first)
        fprintf(out, "%s · %s", page->title, site);
    else if (len == 4 && memcmp(slot, "name", len) == 0)
        fprintf(out, "%s", site);
    else if (len == 4 && memcmp(slot, "site", len) == 0)
        fprintf(out, "%s", site);
    else if (len == 4 && memcmp(slot, "kind", len) == 0)
        fprintf(out, "%s", page == pages->first ? "home" : "page");
    else if (len == 10 && memcmp(slot, "navigation", len) == 0)
        print_navigation(out, pages, page);
    else if (len == 10 && memcmp(slot, "neighbours", len) == 0)
        print_neighbours(out, pages, page);
    else
        log_warning("the template's {{%.*s}} stands for nothing", (int)len, slot);
}

/* The template's bytes from..to with its slots filled. */
static err fill(const struct pages *pages, const struct page *page, const char *from, const char *to,
                struct text *out)
{
    FILE *file = open_memstream(&out->data, &out->len);

    if (file == NULL)
        return ERR_NO_MEMORY;
    while (from < to) {
        const char *open = strstr(from, "{{"), *close = open == NULL ? NULL : strstr(open, "}}");
        if (close == NULL || close >= to)
            open = to;
        fwrite(from, 1, (size_t)(open - from), file);
        if (open == to)
            break;
        print_slot(file, pages, page, open + 2, (size_t)(close - open - 2));
        from = close + 2;
    }
    if (fclose(file) == 0)
        return OK;
    free(out->data);
    *out = (struct text){ 0 };
    return ERR_NO_MEMORY;
}

INTERNAL IO err page_compose(const struct pages *pages, struct page *page)
{
    const char *begin = pages->template.data, *end = begin + pages->template.len;
    const char *content = strstr(begin, "{{content}}");
    struct cover *cover = &page->cover[KV_IDENTITY];

    if (content == NULL) {
        log_error("the template page.html has no {{content}}");
        return ERR_FORMAT;
    }
    TRY(fill(pages, page, begin, content, &cover->front));
    TRY(fill(pages, page, content + strlen("{{content}}"), end, &cover->back));

    page->info = (struct kv_info){
        .kind = KV_VALUE,
        .size = cover->front.len + page->body.size + cover->back.len,
        .content_type = "text/html; charset=utf-8",
    };
    /* The document's tag, cut to 96 bits, and what stands around it. */
    uint64_t around = hash(hash(UINT64_C(0xcbf29ce484222325), &cover->front), &cover->back);
    if (strlen(page->body.etag) > 2)
        snprintf(page->info.etag, sizeof page->info.etag, "\"%.24s%016llx\"", page->body.etag + 1,
                 (unsigned long long)around);
    return OK;
}
