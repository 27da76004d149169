#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(KV_RO, files);
PARAM(KV_RO, pages);
PARAM(HTTP, http);
PARAM(SITE_ON, file_site, http);
PARAM(SITE_ON, page_site, http);
MODULE(JOB, website);
LOG_SOURCE(website);

KEY_STRINGS(headers);
ARG_PORT(port, 8080, "TCP port to serve on; 0 for one that is free");

struct website {
    struct pages *pages;
    struct file_site *file_site;
    struct page_site *page_site;
};

static IO err respond_not_found(struct website *w, struct http_exchange *exchange)
{
    struct http_header fields[sizeof key_headers / sizeof *key_headers / 2 + 1];
    struct http_response response = { .status = 404,
                                      .content_type = "text/html; charset=utf-8",
                                      .headers = fields };
    struct buf *body;

    for (size_t i = 0; key_headers[i] != NULL; i += 2)
        fields[response.header_count++] = (struct http_header){ key_headers[i], key_headers[i + 1] };
    TRY(pages_get(w->pages, "404.html", &body));
    return http_respond(exchange, &response, body);
}

IO err http_on_request(void *ctx, struct http_exchange *exchange)
{
    struct website *w = ctx;
    const struct http_request *request = http_request(exchange);

    log_debug("%.*s %s", (int)request->method_name.len, request->method_name.data, request->path);
    err e = file_site_serve(w->file_site, exchange, request->path);
    if (e == ERR_NOT_FOUND)
        e = page_site_serve(w->page_site, exchange, request->path);
    if (e == ERR_NOT_FOUND)
        e = respond_not_found(w, exchange);
    return e;
}

IO err website_start(struct console *console, struct files *files, struct pages *pages, struct http *http,
                     struct file_site *file_site, struct page_site *page_site)
{
    struct website w = { pages, file_site, page_site };
    struct kv_info style;
    char line[96];

    /* A site that looks broken had better not start. */
    TRY(files_stat(files, "style.css", &style));
    /* At which address is the network's to know: the host's own, or one of this program's own. */
    snprintf(line, sizeof line, port == 0 ? "Serving" : "Serving on port %u", port);
    TRY(console_log(console, line));
    err e = http_serve(http, port, &w);
    if (e == ERR_ADDRESS_IN_USE || e == ERR_ACCESS) {
        snprintf(line, sizeof line, "Port %u is %s: choose another with --port.", port,
                 e == ERR_ACCESS ? "not permitted" : "taken");
        IGNORE(console_log(console, line));
    }
    return e;
}
