/* Computes the tag and the gzip variant of each file, when the program is built. */
#include "crunch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <base/media/media.h>

/* A variant must save at least this much to be stored. */
enum { SAVING_BYTES = 100, SAVING_PERCENT = 10 };

/* The most bytes that a flush adds. deflateBound does not include them. */
enum { FLUSH_BYTES = 16 };

static bool compress_file(struct file *file)
{
    z_stream stream = { 0 };
    /* the header has no time, name or system, so that the bytes are the same every time */
    gz_header header = { .os = 255 };
    struct bytes out = { 0 };
    bool ok = false;

    if (file->content.len > UINT32_MAX)
        return true;
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return fail("%s: zlib can't start: no memory", file->key);
    deflateSetHeader(&stream, &header);
    out.room = deflateBound(&stream, file->content.len) + FLUSH_BYTES;
    out.data = malloc(out.room);
    if (!out.data) {
        fail("%s: no memory", file->key);
        goto out;
    }
    stream.next_in = file->content.data;
    stream.avail_in = (uInt)file->content.len;
    stream.next_out = out.data;
    stream.avail_out = (uInt)out.room;
    if (deflate(&stream, Z_SYNC_FLUSH) != Z_OK || deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        fail("%s: zlib failed: %s", file->key, stream.msg ? stream.msg : "unknown reason");
        goto out;
    }
    out.len = stream.total_out;
    if (out.len + SAVING_BYTES <= file->content.len &&
        out.len * 100 <= file->content.len * (100 - SAVING_PERCENT)) {
        file->gzip = out;
        out.data = NULL;
    }
    ok = true;
out:
    deflateEnd(&stream);
    free(out.data);
    return ok;
}

/* The tag is 160 bits of the hash as 40 digits, which no two contents share. */
static void tag_file(struct file *file)
{
    uint8_t digest[32];
    char *text = file->etag;

    sha256(file->content.data, file->content.len, digest);
    *text++ = '"';
    for (int i = 0; i < 20; i++)
        text += sprintf(text, "%02x", digest[i]);
    strcpy(text, "\"");
}

bool encode_files(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct file *file = &tree->files[i];
        const struct media_type *type = media_find(file->key);
        tag_file(file);
        if (file->content.len > SAVING_BYTES && !(type && type->compressed) && !compress_file(file))
            return false;
    }
    return true;
}
