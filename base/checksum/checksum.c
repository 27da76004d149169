#include <base/checksum/checksum.h>

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Add, and add the carry to the result. Compilers make two instructions of this. */
static inline uint64_t plus64(uint64_t a, uint64_t b)
{
    a += b;
    return a + (a < b);
}

/* This uses integer registers only, because not every place where it runs may use the vector unit. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t a = sum, b = 0, c = 0, d = 0;

    /* Four sums, so that an addition need not wait for the carry of the previous one. */
    for (; len >= 64; p += 64, len -= 64) {
        a = plus64(a, load64(p));
        b = plus64(b, load64(p + 8));
        c = plus64(c, load64(p + 16));
        d = plus64(d, load64(p + 24));
        a = plus64(a, load64(p + 32));
        b = plus64(b, load64(p + 40));
        c = plus64(c, load64(p + 48));
        d = plus64(d, load64(p + 56));
    }
    a = plus64(plus64(a, b), plus64(c, d));
    for (; len >= 8; p += 8, len -= 8)
        a = plus64(a, load64(p));
    if (len & 4) {
        uint32_t word;
        memcpy(&word, p, sizeof word);
        a = plus64(a, word);
        p += 4;
    }
    if (len & 2) {
        a = plus64(a, checksum_load(p));
        p += 2;
    }
    if (len & 1)
        a = plus64(a, checksum_load((uint8_t[]){ *p, 0 }));
    return checksum_plus((uint32_t)a, (uint32_t)(a >> 32));
}

uint32_t checksum_add_buf(uint32_t sum, const struct buf *b, size_t offset, size_t len)
{
    bool odd = false;

    for (; b != NULL && offset >= b->len; b = b->next)
        offset -= b->len;
    for (; b != NULL && len > 0; b = b->next) {
        size_t piece = b->len - offset < len ? b->len - offset : len;
        if (odd)
            sum = checksum_plus(sum, checksum_swap(checksum_add(0, b->data + offset, piece)));
        else
            sum = checksum_add(sum, b->data + offset, piece);
        odd ^= piece & 1;
        len -= piece;
        offset = 0;
    }
    return sum;
}

uint32_t checksum_pseudo(const struct ip_addr *source, const struct ip_addr *destination, uint8_t protocol,
                         uint32_t len)
{
    /* The length and the protocol are the last words of both pseudo-headers, and zeros don't change a sum. */
    uint8_t tail[8];
    wire_put32(wire_put32(tail, len), protocol);
    uint32_t sum = checksum_add(0, tail, sizeof tail);

    if (ip_is_v4(source) && ip_is_v4(destination))
        return checksum_plus(checksum_plus(sum, source->words[3]), destination->words[3]);
    sum = checksum_add(sum, source->bytes, sizeof source->bytes);
    return checksum_add(sum, destination->bytes, sizeof destination->bytes);
}
