/*
 * A folder of files as read-only data, which mirage-crunch writes and kv_crunch reads.
 *
 * Entries are sorted by key, with '/' before every other byte. So the entries of a dictionary
 * are contiguous, and their names come in the order of KV_RO's M_list. Folders are not entries:
 * a dictionary is a prefix of a key, and an empty folder does not exist.
 *
 * A gzip variant can be taken apart and joined with others. It consists of a header of 10 bytes,
 * blocks, the empty last block 03 00, and the trailer. The blocks end on a whole byte with an
 * empty stored block (00 00 ff ff).
 *
 * With --markdown each X.md becomes two entries. X.html is the rendered body without <html>,
 * <head> or <body>. Its headings have ids, and its relative links to .md files lead to .html.
 * X.title is the plain text of the first level-1 heading, or X's last segment when there is no
 * such heading, without a line feed. Code blocks of the languages c and console have spans of the
 * classes comment, string, keyword, macro, number, prompt, input and output. The page's template
 * puts the two together.
 */
#ifndef BASE_CRUNCH_H
#define BASE_CRUNCH_H

#include <stdint.h>

struct crunch_entry {
    uint64_t size;
    uint64_t gzip_size; /* 0: there is no gzip variant, because it would hardly be smaller */
    const char *key;    /* without a leading slash */
    const uint8_t *data;
    const uint8_t *gzip;      /* NULL when there is no variant */
    const char *content_type; /* NULL: unknown */
    const char *etag;         /* depends on the contents only; with its quotes */
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
