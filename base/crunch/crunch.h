/*
 * What mirage-crunch writes and kv_crunch reads: a folder of files as read-only data.
 *
 * Entries are sorted by key with '/' before every other byte, so that all that lies under
 * a dictionary is contiguous and its names come in the order of KV_RO's M_list. Folders are
 * not entries: a dictionary is a prefix of a key, and an empty folder does not exist.
 *
 * A gzip variant can be taken apart and joined with others: a header of 10 bytes, blocks that end
 * on a whole byte with an empty stored one (00 00 ff ff), the empty last block 03 00, and the trailer.
 *
 * With --markdown each X.md becomes two entries: X.html, the rendered body without <html>,
 * <head> or <body>, whose headings have ids and whose relative links to .md files lead to
 * .html; and X.title, the plain text of its first level-1 heading, or X's last segment when it has
 * none, without a line feed. Code blocks of the languages c and console have spans of the classes
 * comment, string, keyword, macro, number, prompt, input and output. The page's template puts the two
 * together.
 */
#ifndef BASE_CRUNCH_H
#define BASE_CRUNCH_H

#include <stdint.h>

struct crunch_entry {
    uint64_t size;
    uint64_t gzip_size; /* 0: no gzip variant, because it would hardly be smaller */
    const char *key;    /* without a leading slash */
    const uint8_t *data;
    const uint8_t *gzip;      /* NULL without a variant */
    const char *content_type; /* NULL: unknown */
    const char *etag;         /* of the contents alone, with its quotes */
};

struct crunch_index {
    uint64_t count;
    const struct crunch_entry *entries;
};

/* The order of the entries, as strcmp's result. */
static inline int crunch_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (*a == *b)
        return 0;
    if (*a == '\0' || *b == '\0')
        return *a ? 1 : -1;
    if (*a == '/' || *b == '/')
        return *a == '/' ? -1 : 1;
    return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

#endif
