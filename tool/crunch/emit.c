/*
 * Writes the results. All contents go into one pack instead of one .incbin for each file. So the image
 * contains exactly the bytes that the tags were computed from, whatever happens to the folder before the
 * assembler runs, and no file name needs quoting.
 */
#include "crunch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/media/media.h>

enum { PACK_ALIGN = 16 };

static bool finish(FILE *file, const char *path, bool ok)
{
    if (ferror(file))
        ok = fail("%s: can't be written: %s", path, strerror(errno));
    if (fclose(file) != 0 && ok)
        ok = fail("%s: can't be written: %s", path, strerror(errno));
    return ok;
}

static FILE *begin(const char *path)
{
    FILE *file = fopen(path, "wbe");
    if (!file)
        fail("%s: can't be written: %s", path, strerror(errno));
    return file;
}

static uint64_t pack_bytes(FILE *file, const struct bytes *bytes, uint64_t *at)
{
    static const char zeros[PACK_ALIGN];
    uint64_t place = *at;
    size_t rest = bytes->len % PACK_ALIGN;

    if (bytes->len)
        fwrite(bytes->data, 1, bytes->len, file);
    if (rest)
        fwrite(zeros, 1, PACK_ALIGN - rest, file);
    *at += bytes->len + (rest ? PACK_ALIGN - rest : 0);
    return place;
}

bool emit_pack(struct tree *tree, const char *path)
{
    FILE *file = begin(path);
    uint64_t at = 0;

    if (!file)
        return false;
    for (size_t i = 0; i < tree->count; i++) {
        struct file *f = &tree->files[i];
        f->content_at = pack_bytes(file, &f->content, &at);
        f->gzip_at = pack_bytes(file, &f->gzip, &at);
    }
    return finish(file, path, true);
}

/* A string for the assembler. All assemblers read octal escapes of three digits. */
static void emit_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c < ' ' || c >= 0x7f)
            fprintf(file, "\\%03o", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void emit_entry(FILE *file, const struct file *f, size_t i)
{
    fprintf(file, "\t.p2align 3\n\t.8byte %zu, %zu\n", f->content.len, f->gzip.len);
    fprintf(file, "\tPOINTER .Lkey%zu, .Lpack + %llu, ", i, (unsigned long long)f->content_at);
    if (f->gzip.len)
        fprintf(file, ".Lpack + %llu, ", (unsigned long long)f->gzip_at);
    else
        fprintf(file, "0, ");
    if (media_type(f->key))
        fprintf(file, ".Ltype%zu, ", i);
    else
        fprintf(file, "0, ");
    fprintf(file, ".Letag%zu\n", i);
}

/* WebAssembly's assembler needs the size of every object. */
static void emit_text(FILE *file, const char *label, size_t i, const char *text)
{
    fprintf(file, ".L%s%zu:\t.asciz ", label, i);
    emit_string(file, text);
    fprintf(file, "\n\t.size .L%s%zu, %zu\n", label, i, strlen(text) + 1);
}

static void emit_texts(FILE *file, const struct file *f, size_t i)
{
    const char *type = media_type(f->key);

    emit_text(file, "key", i, f->key);
    if (type)
        emit_text(file, "type", i, type);
    emit_text(file, "etag", i, f->etag);
}

bool emit_assembly(const struct tree *tree, const char *path, const char *pack, const char *symbol)
{
    FILE *file = begin(path);

    if (!file)
        return false;
    /* WebAssembly has no read-only section with relocations, so all data is in one section. */
    fprintf(file,
            "/* Written by mirage-crunch; see base/crunch/crunch.h. */\n"
            "#if __SIZEOF_POINTER__ == 8\n#define POINTER .8byte\n#else\n#define POINTER .4byte\n#endif\n"
            "#ifdef __wasm__\n"
            "\t.section .rodata.%s.pack,\"\",@\n#else\n\t.section .rodata.%s,\"a\",@progbits\n#endif\n"
            "\t.p2align 4\n.Lpack:\n\t.incbin ",
            symbol, symbol);
    emit_string(file, pack);
    fprintf(file, "\n\t.size .Lpack, . - .Lpack\n");
    for (size_t i = 0; i < tree->count; i++)
        emit_texts(file, &tree->files[i], i);
    fprintf(file,
            "#ifdef __wasm__\n"
            "\t.section .rodata.%s,\"\",@\n#else\n\t.section .data.rel.ro.%s,\"aw\",@progbits\n#endif\n"
            "\t.globl %s\n\t.hidden %s\n\t.type %s, @object\n\t.p2align 3\n%s:\n"
            "\t.8byte %zu\n\tPOINTER .Lentries\n\t.size %s, . - %s\n\t.p2align 3\n.Lentries:\n",
            symbol, symbol, symbol, symbol, symbol, symbol, tree->count, symbol, symbol);
    for (size_t i = 0; i < tree->count; i++)
        emit_entry(file, &tree->files[i], i);
    fprintf(file, "\t.p2align 3\n\t.size .Lentries, . - .Lentries\n#ifdef __ELF__\n\t.section "
                  ".note.GNU-stack,\"\",@progbits\n#endif\n");
    return finish(file, path, true);
}

/* Write a path as Make and ninja read it in a depfile. */
static void emit_path(FILE *file, const char *path)
{
    size_t slashes = 0;

    for (; *path; path++) {
        if (*path == ' ' || *path == '#') {
            /*
             * Backslashes before an escaped character are doubled, because they would be read as escapes of
             * one another.
             */
            while (slashes--)
                fputc('\\', file);
            fputc('\\', file);
        } else if (*path == '$') {
            fputc('$', file);
        }
        slashes = *path == '\\' ? slashes + 1 : 0;
        fputc(*path, file);
    }
}

bool emit_depfile(const struct tree *tree, const char *path, const char *target)
{
    FILE *file = begin(path);

    if (!file)
        return false;
    emit_path(file, target);
    fputc(':', file);
    for (size_t i = 0; i < tree->input_count; i++) {
        fputs(" \\\n  ", file);
        emit_path(file, tree->inputs[i]);
    }
    fputc('\n', file);
    return finish(file, path, true);
}
