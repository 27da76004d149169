#include <base/reassembly/reassembly.h>

#include <stdlib.h>

struct fragment {
    uint32_t offset, len;
    struct buf *payload;
};

struct reassembly_packet {
    struct reassembly_key key;
    os_time until;
    uint32_t total;   /* bytes of the whole payload; 0 until the last fragment has come */
    uint32_t present; /* bytes of the fragments that have come */
    struct buf *header;
    size_t count;
    struct fragment fragments[REASSEMBLY_FRAGMENTS_MAX]; /* sorted by offset */
};

static void forget(struct reassembly *r, size_t index)
{
    struct reassembly_packet *p = r->packets[index];

    for (size_t i = 0; i < p->count; i++)
        buf_free(p->fragments[i].payload);
    buf_free(p->header);
    r->fragments -= p->count;
    free(p);
    r->count--;
    memmove(r->packets + index, r->packets + index + 1, (r->count - index) * sizeof *r->packets);
}

static size_t find(const struct reassembly *r, const struct reassembly_key *key)
{
    size_t i = 0;
    while (i < r->count && memcmp(&r->packets[i]->key, key, sizeof *key) != 0)
        i++;
    return i;
}

static void make_room(struct reassembly *r, const struct reassembly_key *key)
{
    while (r->count > 0 &&
           (r->count == REASSEMBLY_PACKETS_MAX || r->fragments >= REASSEMBLY_FRAGMENTS_TOTAL)) {
        size_t oldest = memcmp(&r->packets[0]->key, key, sizeof *key) == 0 && r->count > 1;
        forget(r, oldest);
        r->evicted++;
    }
}

/* Find the place of the fragment. False when it overlaps another or the end, or there are too many. */
static bool place(const struct reassembly_packet *p, uint32_t offset, uint32_t len, bool more, size_t *at)
{
    uint32_t end = offset + len;
    size_t i = p->count;

    if (p->count == REASSEMBLY_FRAGMENTS_MAX)
        return false;
    while (i > 0 && p->fragments[i - 1].offset > offset)
        i--;
    if (i > 0 && p->fragments[i - 1].offset + p->fragments[i - 1].len > offset)
        return false;
    if (i < p->count && end > p->fragments[i].offset)
        return false;
    /* There may be only one end, and nothing behind it. */
    if (more ? p->total != 0 && end > p->total : p->total != 0 || i != p->count)
        return false;
    *at = i;
    return true;
}

/* RFC 8200: a fragment that came twice is not an attack. */
static bool is_duplicate(const struct reassembly_packet *p, uint32_t offset, uint32_t len)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->fragments[i].offset == offset)
            return p->fragments[i].len == len;
    return false;
}

static void join(struct reassembly *r, size_t index, struct buf **header, struct buf **payload)
{
    struct reassembly_packet *p = r->packets[index];
    struct buf *whole = NULL;

    for (size_t i = p->count; i-- > 0;)
        whole = buf_append(p->fragments[i].payload, whole);
    r->fragments -= p->count;
    p->count = 0;
    *header = p->header;
    p->header = NULL;
    /* What a device said about one fragment does not hold for the whole packet. */
    whole->csum = BUF_CSUM_UNKNOWN;
    whole->gso = BUF_GSO_NONE;
    *payload = whole;
    forget(r, index);
    r->completed++;
}

enum reassembly_result reassembly_add(struct reassembly *r, const struct reassembly_key *key, uint32_t offset,
                                      bool more, struct buf *header, struct buf *payload, os_time now,
                                      struct buf **header_out, struct buf **payload_out)
{
    size_t len = buf_len(payload), index = find(r, key), at;
    struct reassembly_packet *p = index < r->count ? r->packets[index] : NULL;

    if (header == NULL || payload == NULL || len == 0 || offset > REASSEMBLY_LENGTH_MAX ||
        len > REASSEMBLY_LENGTH_MAX - offset || (more && len % 8 != 0))
        goto refuse;
    if (p != NULL && is_duplicate(p, offset, (uint32_t)len)) {
        buf_free(header);
        buf_free(payload);
        return REASSEMBLY_HELD;
    }
    if (r->fragments >= REASSEMBLY_FRAGMENTS_TOTAL || (p == NULL && r->count == REASSEMBLY_PACKETS_MAX)) {
        make_room(r, key);
        index = find(r, key);
        p = index < r->count ? r->packets[index] : NULL;
    }
    if (p == NULL) {
        p = calloc(1, sizeof *p);
        if (p == NULL)
            goto refuse;
        p->key = *key;
        p->until = now + r->lifetime;
        index = r->count;
        r->packets[r->count++] = p;
    }
    payload = buf_compact(payload);
    if (!place(p, offset, (uint32_t)len, more, &at)) {
        forget(r, index);
        goto refuse;
    }
    memmove(p->fragments + at + 1, p->fragments + at, (p->count - at) * sizeof *p->fragments);
    p->fragments[at] = (struct fragment){ offset, (uint32_t)len, payload };
    p->count++;
    r->fragments++;
    p->present += (uint32_t)len;
    if (!more)
        p->total = offset + (uint32_t)len;
    if (offset == 0)
        p->header = header;
    else
        buf_free(header);
    if (p->total == 0 || p->present != p->total)
        return REASSEMBLY_HELD;
    join(r, index, header_out, payload_out);
    return REASSEMBLY_DONE;
refuse:
    r->refused++;
    buf_free(header);
    buf_free(payload);
    return REASSEMBLY_REFUSED;
}

enum reassembly_result reassembly_add_ipv4(struct reassembly *r, const struct ipv4_header *h,
                                           struct buf *packet, os_time now, struct buf **header_out,
                                           struct buf **payload_out)
{
    struct reassembly_key key = { .source = ipv4_addr(h->source),
                                  .destination = ipv4_addr(h->destination),
                                  .id = h->id,
                                  .protocol = h->protocol };
    struct buf *header = buf_slice(packet, 0, h->header_len);
    struct buf *payload = buf_advance(packet, h->header_len);
    uint32_t offset = (uint32_t)(h->fragment & IPV4_OFFSET_MASK) * 8;
    bool more = (h->fragment & IPV4_MORE_FRAGMENTS) != 0;

    return reassembly_add(r, &key, offset, more, header, payload, now, header_out, payload_out);
}

bool reassembly_expire(struct reassembly *r, os_time now, struct buf **first)
{
    if (r->count == 0 || r->packets[0]->until > now)
        return false;
    struct reassembly_packet *p = r->packets[0];
    *first = NULL;
    if (p->header != NULL) {
        *first = buf_append(p->header, p->fragments[0].payload);
        p->header = NULL;
        p->fragments[0].payload = NULL;
    }
    forget(r, 0);
    r->timed_out++;
    return true;
}

os_time reassembly_next(const struct reassembly *r)
{
    return r->count == 0 ? OS_NEVER : r->packets[0]->until;
}

void reassembly_end(struct reassembly *r)
{
    while (r->count > 0)
        forget(r, 0);
}
