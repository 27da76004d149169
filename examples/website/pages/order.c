#include "pages.h"

/* What the search looks at next in the rendered index. */
struct cursor {
    const char *at;
    char *section; /* plain copy of the last heading's HTML */
};

/* Unlink the page and put it behind *end, which is moved to it. */
static void move_behind(struct pages *pages, struct page *page, struct page **end)
{
    struct page **link = &pages->first;

    while (*link != page)
        link = &(*link)->next;
    *link = page->next;
    link = *end == NULL ? &pages->first : &(*end)->next;
    page->next = *link;
    *link = page;
    *end = page;
}

/* The text between two places, without what stands in angle brackets. */
static char *without_tags(const char *from, const char *to)
{
    char *out = malloc((size_t)(to - from) + 1), *p = out;

    for (bool tag = false; out != NULL && from < to; from++) {
        if (*from == '<')
            tag = true;
        else if (*from == '>')
            tag = false;
        else if (!tag)
            *p++ = *from;
    }
    if (out != NULL)
        *p = '\0';
    return out;
}

/* The page that the link at `href` leads to, or NULL. */
static struct page *linked_page(const struct pages *pages, const char *href)
{
    char key[KV_KEY_MAX + 1];
    size_t len = strcspn(href, "\"#?");

    if (strncmp(href, "./", 2) == 0) {
        href += 2;
        len -= 2;
    }
    if (len == 0 || len > KV_KEY_MAX)
        return NULL;
    snprintf(key, sizeof key, "%.*s%s", (int)len, href, href[len - 1] == '/' ? "index.html" : "");
    return page_find(pages, key);
}

/* The address of the link that a list's item begins with, or NULL. */
static const char *item_link(const char *item)
{
    static const char *const before[] = { "<li>", "\n", "<p>", "<a href=\"" };

    for (size_t i = 0; i < 4; i++) {
        size_t len = strlen(before[i]);
        if (strncmp(item, before[i], len) == 0)
            item += len;
        else if (i == 3)
            return NULL;
    }
    return item;
}

/* The next heading or item of a list in the index, whichever comes first. */
static err step(struct pages *pages, struct cursor *c, struct page **end)
{
    const char *heading = strstr(c->at, "<h2"), *item = strstr(c->at, "<li>");

    if (heading != NULL && (item == NULL || heading < item)) {
        const char *close = strstr(heading, "</h2>");
        c->at = close == NULL ? heading + strlen(heading) : close;
        free(c->section);
        c->section = without_tags(heading, c->at);
        return c->section == NULL ? ERR_NO_MEMORY : OK;
    }
    if (item == NULL) {
        c->at += strlen(c->at);
        return OK;
    }
    c->at = item + strlen("<li>");
    const char *href = item_link(item);
    struct page *page = href == NULL ? NULL : linked_page(pages, href);
    if (page == NULL || page->listed)
        return OK;
    page->listed = true;
    move_behind(pages, page, end);
    if (c->section != NULL && (page->section = strdup(c->section)) == NULL)
        return ERR_NO_MEMORY;
    return OK;
}

INTERNAL IO err pages_order(struct pages *pages)
{
    struct page *index = page_find(pages, "index.html"), *end = NULL;
    struct text body;
    err e = OK;

    if (index == NULL) {
        log_error("the documents have no index.md, which is the home page");
        return ERR_NOT_FOUND;
    }
    index->listed = true;
    move_behind(pages, index, &end);
    TRY(page_body(pages, index, &body));
    struct cursor c = { .at = body.data };
    while (e == OK && *c.at != '\0')
        e = step(pages, &c, &end);
    free(c.section);
    free(body.data);
    return e;
}
