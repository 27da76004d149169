/*
 * What every part of the tool needs: text, files, errors for the user. The tool is a
 * short-lived process: memory for what it reads lives until it exits, and running out
 * of it ends the tool with a message.
 */
#ifndef TOOL_UTIL_H
#define TOOL_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* memory and text: kept until exit */
void *keep(size_t size); /* zeroed */
char *keep_string(const char *text);
char *keep_bytes(const char *data, size_t len); /* with a NUL behind */
__attribute__((format(printf, 1, 2))) char *text(const char *format, ...);

/* A growing array of strings, ended by a NULL that does not count. */
struct strings {
    const char **items;
    size_t count, room;
};
void strings_add(struct strings *s, const char *item); /* keeps the pointer, no copy */
void strings_add_all(struct strings *s, const char *const *items, size_t count);
bool strings_has(const struct strings *s, const char *item);
void strings_sort(struct strings *s);
/* Whether a list that is ended by NULL has the word. */
bool listed(const char *const *list, const char *word);
char *strings_join(const struct strings *s, const char *between);

/* A growing text, for generated files. */
struct out {
    char *data;
    size_t len, room;
};
__attribute__((format(printf, 2, 3))) void out_print(struct out *out, const char *format, ...);
void out_bytes(struct out *out, const char *data, size_t len);
void out_free(struct out *out);

/* files */
bool file_exists(const char *path);
bool folder_exists(const char *path);
/*
 * Add the paths of a folder's files whose names end so, in the order of their names; hidden ones are left
 * out. Whether there are any.
 */
bool folder_files(const char *folder, const char *ending, struct strings *out);
/* The whole file, kept, with a NUL behind; NULL when it can't be read (errno tells). */
char *file_read(const char *path, size_t *len);
/*
 * Write the file only when its contents differ, so that nothing is rebuilt in vain; makes its folders. Tells
 * the user and returns false when it can't.
 */
bool file_write(const char *path, const char *data, size_t len);
bool folder_make(const char *path);                    /* with those above it */
char *path_absolute(const char *path);                 /* of a path that need not exist */
char *path_join(const char *folder, const char *name); /* `name` alone when it is absolute */
const char *path_name(const char *path);               /* behind the last slash */
char *path_folder(const char *path);
/* The path as the user would write it: relative to the working directory when it lies below. */
const char *path_shown(const char *path);

/* errors: `file:line: error: …`, in colour on a terminal; line 0 and a NULL file are left out */
__attribute__((format(printf, 3, 4))) void error_at(const char *file, int line, const char *format, ...);
__attribute__((format(printf, 3, 4))) void warning_at(const char *file, int line, const char *format, ...);
__attribute__((format(printf, 3, 4))) void note_at(const char *file, int line, const char *format, ...);
__attribute__((format(printf, 1, 2))) void error(const char *format, ...);

/* The candidate nearest to `word` by edit distance when it is near enough to be meant, or NULL. */
const char *nearest(const char *word, const char *const *candidates);

uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);

#endif
