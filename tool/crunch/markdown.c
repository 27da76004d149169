/*
 * Renders Markdown with libcmark-gfm and GitHub's tables, autolinks, strikethrough and task lists. Raw HTML
 * is kept, because the developer's own pages are as trusted as the program.
 */
#include "crunch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

enum { OPTIONS = CMARK_OPT_UNSAFE | CMARK_OPT_FOOTNOTES | CMARK_OPT_VALIDATE_UTF8 };

/* The ids of headings that the page has used. */
struct slugs {
    char **items;
    size_t count, room;
};

/* Append the text of a node and of all nodes below it, without mark-up. */
static bool text_of(cmark_node *node, struct bytes *out)
{
    cmark_iter *iter = cmark_iter_new(node);
    cmark_event_type event;
    bool ok = true;

    while (ok && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *at = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(at);
        const char *text = cmark_node_get_literal(at);
        if (event != CMARK_EVENT_ENTER)
            continue;
        if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            ok = bytes_add(out, " ", 1);
        else if ((type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) && text)
            ok = bytes_add(out, text, strlen(text));
    }
    cmark_iter_free(iter);
    return ok;
}

static bool slug_taken(const struct slugs *slugs, const char *slug)
{
    for (size_t i = 0; i < slugs->count; i++)
        if (strcmp(slugs->items[i], slug) == 0)
            return true;
    return false;
}

/* The slug as GitHub makes it: lower case, hyphens for blanks, no punctuation. Letters beyond ASCII stay. */
static char *slug_base(const struct bytes *text)
{
    char *slug = malloc(text->len + 1);
    size_t len = 0;

    if (!slug)
        return NULL;
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = text->data[i];
        if (c >= 'A' && c <= 'Z')
            slug[len++] = (char)(c + 32);
        else if (c == ' ')
            slug[len++] = '-';
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c >= 0x80)
            slug[len++] = (char)c;
    }
    slug[len] = '\0';
    return slug;
}

/* A slug that the page has not used. It belongs to `slugs`. On failure, prints an error and returns NULL. */
static const char *slug_make(struct slugs *slugs, const struct bytes *text)
{
    char *base = slug_base(text), *slug = base ? strdup(base) : NULL;

    for (unsigned n = 1; slug && slug_taken(slugs, slug); n++) {
        free(slug);
        if (asprintf(&slug, "%s-%u", base, n) < 0)
            slug = NULL;
    }
    free(base);
    if (slugs->count == slugs->room) {
        size_t room = slugs->room ? slugs->room * 2 : 16;
        char **items = realloc(slugs->items, room * sizeof *items);
        if (!items) {
            free(slug);
            slug = NULL;
        } else {
            slugs->items = items;
            slugs->room = room;
        }
    }
    if (!slug) {
        fail("no memory");
        return NULL;
    }
    return slugs->items[slugs->count++] = slug;
}

static void slugs_free(struct slugs *slugs)
{
    for (size_t i = 0; i < slugs->count; i++)
        free(slugs->items[i]);
    free(slugs->items);
}

/*
 * Replace the heading by its rendering with an id, because the library renders headings without ids. Its
 * rendering begins with "<h" and the level.
 */
static bool heading_replace(cmark_node *heading, const char *slug)
{
    char *html = cmark_render_html(heading, OPTIONS, NULL), *text = NULL;
    cmark_node *block = cmark_node_new(CMARK_NODE_HTML_BLOCK);
    bool ok = html && block && asprintf(&text, "%.3s id=\"%s\"%s", html, slug, html + 3) >= 0 &&
              cmark_node_set_literal(block, text) && cmark_node_replace(heading, block);

    if (ok)
        cmark_node_free(heading);
    else if (block)
        cmark_node_free(block);
    free(html);
    free(text);
    return ok || fail("no memory");
}

/* Make a relative link to a page's source a link to the page. */
static bool link_rewrite(cmark_node *link)
{
    const char *url = cmark_node_get_url(link);
    size_t path = strcspn(url, "?#"), scheme = strcspn(url, ":/?#");
    char *rewritten;
    bool ok;

    if (url[scheme] == ':' || strncmp(url, "//", 2) == 0 || path < 4 ||
        strncmp(url + path - 3, ".md", 3) != 0)
        return true;
    if (asprintf(&rewritten, "%.*s.html%s", (int)path - 3, url, url + path) < 0)
        return fail("no memory");
    ok = cmark_node_set_url(link, rewritten);
    free(rewritten);
    return ok || fail("no memory");
}

/* Links are rewritten before headings, because a heading is rendered when it is reached. */
static bool links_rewrite(cmark_node *document)
{
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    bool ok = true;

    while (ok && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        if (event == CMARK_EVENT_ENTER && cmark_node_get_type(node) == CMARK_NODE_LINK)
            ok = link_rewrite(node);
    }
    cmark_iter_free(iter);
    return ok;
}

/* Give every heading an id, and set `title` to the text of the first heading at level 1. */
static bool headings_rewrite(cmark_node *document, struct bytes *title)
{
    cmark_iter *iter = cmark_iter_new(document);
    struct slugs slugs = { 0 };
    cmark_event_type event;
    bool ok = true;

    while (ok && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        struct bytes text = { 0 };
        const char *slug;
        if (event != CMARK_EVENT_EXIT || cmark_node_get_type(node) != CMARK_NODE_HEADING)
            continue;
        ok = text_of(node, &text) && (slug = slug_make(&slugs, &text));
        if (ok && !title->len && cmark_node_get_heading_level(node) == 1)
            ok = bytes_add(title, text.data, text.len);
        if (ok)
            ok = heading_replace(node, slug);
        free(text.data);
    }
    cmark_iter_free(iter);
    slugs_free(&slugs);
    return ok;
}

/* Replace a code block by its highlighted HTML. */
static bool code_replace(cmark_node *code)
{
    static const char end[] = "</code></pre>\n"; /* the size includes the NUL */
    const char *info = cmark_node_get_fence_info(code);
    int len = info ? (int)strcspn(info, " \t{") : 0;
    char language[32];
    struct bytes html = { 0 };
    cmark_node *block = cmark_node_new(CMARK_NODE_HTML_BLOCK);
    bool ok = block != NULL;

    snprintf(language, sizeof language, "%.*s", len, info ? info : "");
    ok = ok && bytes_print(&html, "<pre><code class=\"language-%s\">", language) &&
         highlight(language, cmark_node_get_literal(code), &html) && bytes_add(&html, end, sizeof end) &&
         cmark_node_set_literal(block, (const char *)html.data) && cmark_node_replace(code, block);
    if (ok)
        cmark_node_free(code);
    else if (block)
        cmark_node_free(block);
    free(html.data);
    return ok || fail("no memory");
}

static bool is_coloured(cmark_node *node)
{
    const char *info =
        cmark_node_get_type(node) == CMARK_NODE_CODE_BLOCK ? cmark_node_get_fence_info(node) : NULL;
    size_t len = info ? strcspn(info, " \t{") : 0;

    return (len == 1 && *info == 'c') || (len == 7 && memcmp(info, "console", 7) == 0);
}

static bool code_rewrite(cmark_node *document)
{
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    bool ok = true;

    while (ok && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
        if (is_coloured(cmark_iter_get_node(iter)))
            ok = code_replace(cmark_iter_get_node(iter));
    cmark_iter_free(iter);
    return ok;
}

static cmark_parser *parser_new(void)
{
    static const char *const extensions[] = { "table", "autolink", "strikethrough", "tasklist" };
    cmark_parser *parser = cmark_parser_new(OPTIONS);

    for (size_t i = 0; parser && i < sizeof extensions / sizeof *extensions; i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(extensions[i]);
        if (!extension || !cmark_parser_attach_syntax_extension(parser, extension)) {
            cmark_parser_free(parser);
            parser = NULL;
        }
    }
    if (!parser)
        fail("libcmark-gfm and its extensions can't be used together");
    return parser;
}

static bool page_render(const struct bytes *source, struct bytes *page, struct bytes *title)
{
    cmark_parser *parser = parser_new();
    cmark_node *document = NULL;
    char *html = NULL;
    bool ok = false;

    if (!parser)
        return false;
    cmark_parser_feed(parser, (const char *)source->data, source->len);
    document = cmark_parser_finish(parser);
    if (!document || !links_rewrite(document) || !headings_rewrite(document, title) ||
        !code_rewrite(document))
        goto out;
    html = cmark_render_html(document, OPTIONS, cmark_parser_get_syntax_extensions(parser));
    ok = html && bytes_add(page, html, strlen(html));
out:
    free(html);
    if (document)
        cmark_node_free(document);
    cmark_parser_free(parser);
    return ok;
}

/* `key` with another extension in place of ".md". */
static char *key_with(const char *key, const char *extension)
{
    char *made;
    int stem = (int)strlen(key) - 3;

    if (asprintf(&made, "%.*s%s", stem, key, extension) < 0) {
        fail("no memory");
        return NULL;
    }
    return made;
}

static bool file_render(struct tree *tree, size_t i)
{
    char *page_key = key_with(tree->files[i].key, ".html");
    char *title_key = key_with(tree->files[i].key, ".title");
    struct bytes page = { 0 }, title = { 0 };
    bool ok = page_key && title_key && page_render(&tree->files[i].content, &page, &title);

    if (ok && !title.len) {
        const char *slash = strrchr(page_key, '/'), *name = slash ? slash + 1 : page_key;
        ok = bytes_add(&title, name, strlen(name) - 5);
    }
    if (ok) {
        free(tree->files[i].key);
        free(tree->files[i].content.data);
        tree->files[i].key = page_key;
        tree->files[i].content = page;
        page_key = NULL;
        ok = tree_add(tree, title_key, title);
    } else {
        free(page.data);
        free(title.data);
    }
    free(page_key);
    free(title_key);
    return ok;
}

bool markdown_render(struct tree *tree)
{
    size_t count = tree->count;

    cmark_gfm_core_extensions_ensure_registered();
    for (size_t i = 0; i < count; i++) {
        const char *key = tree->files[i].key;
        size_t len = strlen(key);
        if (len > 3 && strcmp(key + len - 3, ".md") == 0 && !file_render(tree, i))
            return false;
    }
    return true;
}
