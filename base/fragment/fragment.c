#include <base/fragment/fragment.h>
#include <base/packet/packet.h>

/* Options with this bit are in each fragment (RFC 791, section 3.1). */
enum { OPTION_COPIED = 0x80 };

/* Write to `out` the header that fragments behind the first have; returns its length. */
static size_t make_later_header(uint8_t *out, const uint8_t *p, size_t header_len)
{
    size_t len = IPV4_HEADER;

    memcpy(out, p, IPV4_HEADER);
    for (size_t at = IPV4_HEADER, n; at < header_len && p[at] != IPV4_OPTION_END; at += n) {
        n = p[at] == IPV4_OPTION_NOP ? 1 : p[at + 1];
        if ((p[at] & OPTION_COPIED) != 0) {
            memcpy(out + len, p + at, n);
            len += n;
        }
    }
    while (len % 4 != 0)
        out[len++] = IPV4_OPTION_END;
    out[IPV4_VERSION] = (uint8_t)(0x40 | len / 4);
    return len;
}

err fragments_begin(struct fragments *f, struct buf *packet, size_t mtu)
{
    /* What is not filled in is never read. */
    f->packet = packet_complete(packet);
    if (f->packet == NULL)
        return ERR_NO_MEMORY;
    const uint8_t *p = f->packet->data;
    size_t header_len = ipv4_header_len(p, f->packet->len);
    memcpy(f->headers[0], p, header_len);
    f->header_lens[0] = header_len;
    f->header_lens[1] = make_later_header(f->headers[1], p, header_len);
    f->flags = wire_get16(p + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT;
    f->at = header_len;
    f->len = wire_get16(p + IPV4_LENGTH);
    f->mtu = mtu;
    return OK;
}

err fragments_next(struct fragments *f, struct buf **out)
{
    size_t begin = f->header_lens[0];
    bool later = f->at > begin;
    size_t header_len = f->header_lens[later], left = f->len - f->at;
    size_t piece = (f->mtu - header_len) & ~(size_t)7;

    if (left == 0)
        return ERR_END;
    if (piece > left)
        piece = left;
    struct buf *b = buf_copy(f->headers[later], header_len);
    if (b == NULL)
        return ERR_NO_MEMORY;
    b->next = buf_slice(f->packet, f->at, piece);
    if (b->next == NULL) {
        buf_free(b);
        return ERR_NO_MEMORY;
    }
    wire_put16(b->data + IPV4_LENGTH, (uint32_t)(header_len + piece));
    wire_put16(b->data + IPV4_FRAGMENT,
               (uint32_t)(f->flags | (f->at - begin) / 8 | (piece < left ? IPV4_MORE_FRAGMENTS : 0)));
    ipv4_set_checksum(b->data, header_len);
    f->at += piece;
    *out = b;
    return OK;
}

void fragments_end(struct fragments *f)
{
    buf_free(f->packet);
    f->packet = NULL;
}
