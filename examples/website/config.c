#include <mirage/config.h>

#define HEADERS                                                                \
    "Content-Security-Policy",                                                 \
        "default-src 'none'; style-src 'self'; img-src 'self'; "               \
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",         \
        "X-Content-Type-Options", "nosniff", "Referrer-Policy", "no-referrer", \
        "Cross-Origin-Resource-Policy", "same-origin"

void config(void)
{
    functor(KV_RO, KV_RO, KV_RO) pages = foreign("pages", KV_RO, KV_RO, KV_RO);
    functor(JOB, CONSOLE, KV_RO, KV_RO, HTTP, SITE, SITE) website =
        foreign("website.c", JOB, CONSOLE, KV_RO, KV_RO, HTTP, SITE, SITE);

    website = set_strings(website, "headers", HEADERS);

    HTTP http = http_server(generic_stack());
    KV_RO files = generic_kv_ro("files");
    KV_RO documents = apply(pages, markdown("../../docs"), crunch("templates"));

    SITE file_site = set_strings(site(http, files), "headers", HEADERS);
    SITE page_site = set_strings(site(http, documents), "headers", HEADERS);
    register_job("website", apply(website, default_console(), files, documents, http, file_site, page_site));
}
