/* Media types by the extension of a name, for stores that know nothing better. */
#ifndef BASE_MEDIA_H
#define BASE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct media_type {
    const char *extension, *type;
    bool compressed; /* it is compressed already: compressing it again is useless */
};

/* The entry for the name's extension, without regard to case, or NULL. */
static inline const struct media_type *media_find(const char *name)
{
    static const struct media_type types[] = {
        { "avif", "image/avif", true },
        { "br", "application/octet-stream", true },
        { "bz2", "application/x-bzip2", true },
        { "c", "text/plain; charset=utf-8", false },
        { "css", "text/css; charset=utf-8", false },
        { "csv", "text/csv; charset=utf-8", false },
        { "gif", "image/gif", true },
        { "gz", "application/gzip", true },
        { "h", "text/plain; charset=utf-8", false },
        { "htm", "text/html; charset=utf-8", false },
        { "html", "text/html; charset=utf-8", false },
        { "ico", "image/vnd.microsoft.icon", false },
        { "jpeg", "image/jpeg", true },
        { "jpg", "image/jpeg", true },
        { "js", "text/javascript; charset=utf-8", false },
        { "json", "application/json", false },
        { "md", "text/markdown; charset=utf-8", false },
        { "mjs", "text/javascript; charset=utf-8", false },
        { "mp3", "audio/mpeg", true },
        { "mp4", "video/mp4", true },
        { "ogg", "audio/ogg", true },
        { "otf", "font/otf", false },
        { "pdf", "application/pdf", true },
        { "png", "image/png", true },
        { "svg", "image/svg+xml", false },
        { "title", "text/plain; charset=utf-8", false },
        { "ttf", "font/ttf", false },
        { "txt", "text/plain; charset=utf-8", false },
        { "wasm", "application/wasm", false },
        { "webm", "video/webm", true },
        { "webp", "image/webp", true },
        { "woff", "font/woff", true },
        { "woff2", "font/woff2", true },
        { "xml", "application/xml", false },
        { "xz", "application/x-xz", true },
        { "zip", "application/zip", true },
        { "zst", "application/zstd", true },
    };
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    const char *dot = strrchr(base, '.');
    char extension[8];
    size_t len, low = 0, high = sizeof types / sizeof *types;

    if (!dot)
        return NULL;
    len = strlen(++dot);
    if (len >= sizeof extension)
        return NULL;
    for (size_t i = 0; i <= len; i++)
        extension[i] = dot[i] >= 'A' && dot[i] <= 'Z' ? (char)(dot[i] + 32) : dot[i];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(extension, types[middle].extension);
        if (order == 0)
            return &types[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The type as a KV's content_type; NULL when unknown. */
static inline const char *media_type(const char *name)
{
    const struct media_type *found = media_find(name);
    return found ? found->type : NULL;
}

#endif
