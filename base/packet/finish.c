#include <base/checksum/checksum.h>
#include <base/packet/packet.h>

struct buf *packet_own(struct buf *b, size_t n)
{
    struct buf *head;

    if (b == NULL || (b->len >= n && !buf_is_shared(b)))
        return b;
    head = buf_alloc(n);
    if (head == NULL || buf_read_copy(b, 0, head->data, n) != OK) {
        buf_free(head);
        buf_free(b);
        return NULL;
    }
    buf_copy_metadata(head, b);
    head->next = buf_advance(b, n);
    return head;
}

struct buf *packet_complete(struct buf *b)
{
    size_t start, field, len;

    if (b == NULL || b->csum != BUF_CSUM_PARTIAL)
        return b;
    start = b->csum_start;
    field = start + b->csum_offset;
    len = buf_len(b);
    if (b->gso != BUF_GSO_NONE || field + 2 > len) {
        buf_free(b);
        return NULL;
    }
    b = packet_own(b, field + 2);
    if (b == NULL)
        return NULL;
    /*
     * The field holds the pseudo-header's sum, and is summed with the rest. A zero is written in its other
     * form, because in UDP it would mean that there is no checksum. The other protocols accept this form too.
     */
    checksum_store_udp(b->data + field, checksum_add_buf(0, b, start, len - start));
    b->csum = BUF_CSUM_UNKNOWN;
    b->csum_start = b->csum_offset = 0;
    return b;
}

void packet_finish_begin(struct packet_finish *finish, struct buf *frame, uint32_t offloads)
{
    *finish = (struct packet_finish){ 0 };
    if (frame == NULL || packet_fits(frame, offloads)) {
        finish->whole = frame;
    } else if (frame->gso == BUF_GSO_NONE) {
        finish->whole = packet_complete(frame);
    } else if (packet_segments_begin(&finish->segments, frame, (offloads & NETWORK_CSUM_OUT) != 0) != OK) {
        finish->segments.frame = NULL;
    }
}

struct buf *packet_finish_next(struct packet_finish *finish)
{
    struct buf *frame = finish->whole;

    finish->whole = NULL;
    if (frame == NULL && finish->segments.frame != NULL)
        frame = packet_segments_next(&finish->segments);
    return frame;
}
