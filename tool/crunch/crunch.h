/*
 * mirage-crunch writes a folder of files as an assembly file and a pack, a file of bytes that the assembly
 * includes. Every function that fails prints one line on standard error and returns false.
 */
#ifndef TOOL_CRUNCH_H
#define TOOL_CRUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing array of bytes on the heap. `data` may be NULL while `len` is 0. */
struct bytes {
    uint8_t *data;
    size_t len, room;
};

/* A value of the store, with its contents in memory. */
struct file {
    char *key;
    struct bytes content;
    struct bytes gzip; /* empty when there is no variant */
    char etag[48];
    uint64_t content_at, gzip_at; /* offsets in the pack */
};

struct tree {
    struct file *files;
    size_t count, room;
    char **inputs; /* every file and folder that was read, for the depfile */
    size_t input_count, input_room;
};

/* Print "mirage-crunch: …" and return false, for `return fail(...)`. */
__attribute__((format(printf, 1, 2))) bool fail(const char *format, ...);

bool bytes_add(struct bytes *bytes, const void *data, size_t len);
__attribute__((format(printf, 2, 3))) bool bytes_print(struct bytes *bytes, const char *format, ...);

/* Add a file. Takes ownership of `content`, also on failure. */
bool tree_add(struct tree *tree, const char *key, struct bytes content);
/* Read everything below `root`, except `skip`, the real path of the folder of the outputs. */
bool tree_read(struct tree *tree, const char *root, const char *skip);
/* Sort the files as base/crunch/crunch.h specifies. Keys that clash are an error. */
bool tree_sort(struct tree *tree);
void tree_free(struct tree *tree);

/* Replace each X.md by X.html and X.title. */
bool markdown_render(struct tree *tree);

/* Append the code as HTML. When `language` is known ("c", "console"), its parts are in spans with classes. */
bool highlight(const char *language, const char *code, struct bytes *out);

/* Add a gzip variant to each file for which it saves enough, and set the tags. */
bool encode_files(struct tree *tree);

/* Write the pack, or the assembly that includes it. `pack` is the path that the assembler opens. */
bool emit_pack(struct tree *tree, const char *path);
bool emit_assembly(const struct tree *tree, const char *path, const char *pack, const char *symbol);
bool emit_depfile(const struct tree *tree, const char *path, const char *target);

/* The SHA-256 digest of `len` bytes (FIPS 180-4). */
void sha256(const void *data, size_t len, uint8_t digest[32]);

#endif
