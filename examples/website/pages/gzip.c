/*
 * A page's gzip variant without a compressor: deflated data is a sequence of blocks, and the
 * document's, as mirage-crunch makes them, end on a whole byte before an empty last block. So the
 * variant is a header, the front as a stored block, the document's blocks, the back as the last
 * block, stored too, and the checksum and length of all (RFC 1951, 1952).
 */
#include "pages.h"

#include <base/wire/wire.h>

enum { HEADER = 10, STORED = 5, LAST_BLOCK = 2, TRAILER = 8, STORED_MAX = 65535 };

static uint32_t crc32_of(uint32_t crc, const struct text *text)
{
    crc = ~crc;
    for (size_t i = 0; i < text->len; i++) {
        crc ^= (uint8_t)text->data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xedb88320) & -(crc & 1));
    }
    return ~crc;
}

static char *put32(char *p, uint32_t n)
{
    return (char *)wire_put32_le((uint8_t *)p, n);
}

static char *put_stored(char *p, bool last, const struct text *text)
{
    *p++ = last;
    p = put32(p, (uint32_t)text->len | ~(uint32_t)text->len << 16);
    memcpy(p, text->data, text->len);
    return p + text->len;
}

static IO err is_at(const struct pages_value *body, uint64_t at, const uint8_t *expected, size_t len,
                    bool *out)
{
    uint8_t bytes[10];
    struct buf *view;

    TRY(body_read(body, KV_GZIP, at, len, &view));
    err e = buf_read_copy(view, 0, bytes, len);
    buf_free(view);
    *out = e == OK && memcmp(bytes, expected, len) == 0;
    return e;
}

/* Whether the document's variant has the form that can be taken apart. */
static IO err is_joinable(const struct pages *pages, const struct page *page, bool *out)
{
    static const uint8_t header[4] = { 0x1f, 0x8b, 8, 0 }, end[6] = { 0, 0, 0xff, 0xff, 3, 0 };
    uint64_t size = page->body.gzip_size;
    struct pages_value body;

    *out = false;
    if (size < HEADER + sizeof end + TRAILER)
        return OK;
    TRY(body_open(pages, page, &body));
    err e = is_at(&body, 0, header, sizeof header, out);
    if (e == OK && *out)
        e = is_at(&body, size - TRAILER - sizeof end, end, sizeof end, out);
    body_close(&body);
    return e;
}

INTERNAL IO err page_compress(const struct pages *pages, struct page *page)
{
    const struct cover *plain = &page->cover[KV_IDENTITY];
    struct cover *cover = &page->cover[KV_GZIP];
    struct text body;
    bool joinable;

    TRY(is_joinable(pages, page, &joinable));
    if (!joinable || plain->front.len > STORED_MAX || plain->back.len > STORED_MAX)
        return OK;
    TRY(page_body(pages, page, &body));
    uint32_t crc = crc32_of(crc32_of(crc32_of(0, &plain->front), &body), &plain->back);
    free(body.data);

    cover->front.data = malloc(HEADER + STORED + plain->front.len);
    cover->back.data = malloc(STORED + plain->back.len + TRAILER);
    if (cover->front.data == NULL || cover->back.data == NULL)
        return ERR_NO_MEMORY;
    static const char header[HEADER] = { 0x1f, (char)0x8b, 8, [9] = (char)0xff };
    memcpy(cover->front.data, header, HEADER);
    cover->front.len =
        (size_t)(put_stored(cover->front.data + HEADER, false, &plain->front) - cover->front.data);
    char *p = put_stored(cover->back.data, true, &plain->back);
    p = put32(put32(p, crc), (uint32_t)page->info.size);
    cover->back.len = (size_t)(p - cover->back.data);
    page->info.gzip_size =
        cover->front.len + cover->back.len + page->body.gzip_size - HEADER - LAST_BLOCK - TRAILER;
    return OK;
}
