/*
 * mirage-crunch: a folder of files as an assembly file and a pack of bytes that it
 * includes. Every function that fails has said why on standard error, in one line.
 */
#ifndef TOOL_CRUNCH_H
#define TOOL_CRUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes on the heap that grow; `data` may be NULL while `len` is 0. */
struct bytes {
    uint8_t *data;
    size_t len, room;
};

/* One value of the store, with its contents in memory. */
struct file {
    char *key;
    struct bytes content;
    struct bytes gzip; /* empty: no variant */
    char etag[48];
    uint64_t content_at, gzip_at; /* places in the pack */
};

struct tree {
    struct file *files;
    size_t count, room;
    char **inputs; /* every file and folder that was read, for the depfile */
    size_t input_count, input_room;
};

/* Prints "mirage-crunch: …" and returns false, for `return fail(...)`. */
__attribute__((format(printf, 1, 2))) bool fail(const char *format, ...);

bool bytes_add(struct bytes *bytes, const void *data, size_t len);
__attribute__((format(printf, 2, 3))) bool bytes_print(struct bytes *bytes, const char *format, ...);

/* Takes `content` on success and on error. */
bool tree_add(struct tree *tree, const char *key, struct bytes content);
/* Read everything under `root`; `skip` is the real path of the folder of the outputs. */
bool tree_read(struct tree *tree, const char *root, const char *skip);
/* Sort as base/crunch/crunch.h says and refuse keys that clash. */
bool tree_sort(struct tree *tree);
void tree_free(struct tree *tree);

/* Replace each X.md by X.html and X.title. */
bool markdown_render(struct tree *tree);

/* The code as HTML, in spans of classes when the language is one that is known: "c", "console". */
bool highlight(const char *language, const char *code, struct bytes *out);

/* Add gzip variants where they save enough, and the tags. */
bool encode_files(struct tree *tree);

/* Write the pack and the assembly that includes it; `pack` is as the assembler shall find it. */
bool emit_pack(struct tree *tree, const char *path);
bool emit_assembly(const struct tree *tree, const char *path, const char *pack, const char *symbol);
bool emit_depfile(const struct tree *tree, const char *path, const char *target);

/* FIPS 180-4. */
void sha256(const void *data, size_t len, uint8_t digest[32]);

#endif
