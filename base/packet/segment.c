/*
 * Segmentation in software. A segment consists of a corrected copy of the frame's headers and of a slice of
 * its payload. In the pseudo-header's sum, which the checksum field contains, only the length is corrected,
 * so that routing headers need not be understood.
 */
#include <base/checksum/checksum.h>
#include <base/packet/packet.h>
#include <base/wire/ipv4.h>
#include <base/wire/ipv6.h>
#include <base/wire/tcp.h>
#include <base/wire/udp.h>

/*
 * The greatest offset of the transport's header. Packets with longer chains of extension headers are refused.
 */
enum { TRANSPORT_MAX = 512 };

/* Find the headers, in a first view that holds at least the shortest header of the transport. */
static bool parse(struct packet_segments *s, const struct buf *b)
{
    const uint8_t *p = b->data;
    bool udp = b->gso == BUF_GSO_UDP;
    size_t len = b->len, least = udp ? UDP_HEADER : TCP_HEADER;

    s->ip = NETWORK_HEADER;
    s->transport = b->csum_start;
    if (b->csum != BUF_CSUM_PARTIAL || b->gso_size == 0 || s->transport + least > len ||
        b->csum_offset != (udp ? UDP_CHECKSUM : TCP_CHECKSUM))
        return false;
    switch (wire_get16(p + 12)) {
    case 0x0800:
        if (b->gso == BUF_GSO_TCP6 || s->transport < s->ip + IPV4_HEADER || p[s->ip] >> 4 != 4 ||
            s->ip + (p[s->ip] & 15) * 4 != s->transport)
            return false;
        break;
    case 0x86dd:
        if (b->gso == BUF_GSO_TCP4 || s->transport < s->ip + IPV6_HEADER || p[s->ip] >> 4 != 6)
            return false;
        break;
    default: return false;
    }
    s->head = (uint16_t)(s->transport + (udp ? UDP_HEADER : (p[s->transport + TCP_OFFSET] >> 4) * 4));
    return s->head >= s->transport + least;
}

err packet_segments_begin(struct packet_segments *s, struct buf *frame, bool partial)
{
    size_t len = buf_len(frame), least;

    *s = (struct packet_segments){ .partial = partial };
    if (frame == NULL)
        return ERR_NO_MEMORY;
    least = frame->csum_start + (size_t)(frame->gso == BUF_GSO_UDP ? UDP_HEADER : TCP_HEADER);
    if (len > NETWORK_GSO_MAX || least > len || frame->csum_start > TRANSPORT_MAX)
        goto bad;
    frame = buf_pull_up(frame, least);
    if (frame == NULL)
        return ERR_NO_MEMORY;
    if (!parse(s, frame) || s->head > len)
        goto bad;
    frame = buf_pull_up(frame, s->head);
    if (frame == NULL)
        return ERR_NO_MEMORY;
    s->frame = frame;
    s->at = s->head;
    s->end = (uint32_t)len;
    return OK;
bad:
    buf_free(frame);
    return ERR_FORMAT;
}

static void fix_ip(const struct packet_segments *s, uint8_t *ip, size_t len)
{
    if (ip[0] >> 4 == 6) {
        wire_put16(ip + IPV6_LENGTH, (uint32_t)(len - IPV6_HEADER));
        return;
    }
    wire_put16(ip + IPV4_LENGTH, (uint32_t)len);
    wire_put16(ip + IPV4_ID, (uint32_t)wire_get16(ip + IPV4_ID) + s->index);
    ipv4_set_checksum(ip, (size_t)(s->transport - s->ip));
}

/* Only the first segment says that the window was reduced, and only the last that no more data follows. */
static void fix_tcp(const struct packet_segments *s, uint8_t *tcp, bool last)
{
    wire_put32(tcp + TCP_SEQUENCE, wire_get32(tcp + TCP_SEQUENCE) + (s->at - s->head));
    if (s->index > 0)
        tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
    if (!last)
        tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

struct buf *packet_segments_next(struct packet_segments *s)
{
    struct buf *head, *frame = s->frame;
    uint32_t size, field;
    uint8_t words[4];
    bool last;

    if (frame == NULL)
        return NULL;
    if (s->at >= s->end && s->index > 0)
        goto end;
    size = s->end - s->at;
    last = size <= frame->gso_size;
    if (!last)
        size = frame->gso_size;

    head = buf_copy(frame->data, s->head);
    if (head == NULL)
        goto end;
    if (size > 0) {
        head->next = buf_slice(frame, s->at, size);
        if (head->next == NULL) {
            buf_free(head);
            goto end;
        }
    }
    fix_ip(s, head->data + s->ip, s->head - s->ip + (size_t)size);
    if (frame->gso == BUF_GSO_UDP)
        wire_put16(head->data + s->transport + UDP_LENGTH, UDP_HEADER + size);
    else
        fix_tcp(s, head->data + s->transport, last);

    head->csum = BUF_CSUM_PARTIAL;
    head->csum_start = frame->csum_start;
    head->csum_offset = frame->csum_offset;
    field = (uint32_t)s->transport + head->csum_offset;
    wire_put16(words, s->end - s->transport);
    wire_put16(words + 2, s->head - s->transport + size);
    checksum_store_partial(head->data + field, checksum_add((uint32_t)checksum_load(head->data + field) +
                                                                (uint16_t)~checksum_load(words),
                                                            words + 2, 2));
    s->at += size;
    s->index++;
    if (!s->partial)
        head = packet_complete(head);
    if (head != NULL)
        return head;
end:
    packet_segments_end(s);
    return NULL;
}

void packet_segments_end(struct packet_segments *s)
{
    buf_free(s->frame);
    s->frame = NULL;
}
