/*
 * Frames from and to the kernel, with one system call each and a virtio_net_hdr before them. Only the kernel
 * copies. A frame is read into pages of the pool: a short one uses the first page, a long one as many as it
 * fills. A frame is written from the pieces that it has.
 */
#include "tap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The most that one turn of the loop reads, so that others are not kept waiting. */
enum { TURN_FRAMES = 64, TURN_BYTES = 2 << 20 };

/* in */

/*
 * Allocate a page for reading. In the first page BUF_HEADROOM bytes stay free for a module that forwards the
 * frame; the others are used wholly.
 */
static struct buf *new_page(bool first)
{
    struct buf *b = buf_alloc(0);

    if (b == NULL)
        return NULL;
    if (!first)
        b->data -= buf_headroom(b);
    b->len = (uint32_t)buf_tailroom(b);
    return b;
}

/* Make the vector for the longest possible frame. 0: there is no memory even for one page. */
static int fill_vector(struct network_tap *tap, struct tap_header *header)
{
    size_t room = 0;
    int n = 0;

    tap->vector[n++] = (struct iovec){ header, sizeof *header };
    for (size_t i = 0; i < TAP_PAGES && room < tap->frame_max; i++) {
        if (tap->pages[i] == NULL && (tap->pages[i] = new_page(i == 0)) == NULL)
            return 0;
        tap->vector[n++] = (struct iovec){ tap->pages[i]->data, tap->pages[i]->len };
        room += tap->pages[i]->len;
    }
    return n;
}

/* Take the pages with the first `len` bytes, as a chain. */
static struct buf *take_pages(struct network_tap *tap, size_t len)
{
    struct buf *frame = tap->pages[0], *last = frame;

    tap->pages[0] = NULL;
    for (size_t i = 1; len > last->len; i++) {
        len -= last->len;
        last->next = tap->pages[i];
        last = last->next;
        tap->pages[i] = NULL;
    }
    last->len = (uint32_t)len;
    return frame;
}

/* Apply the header to the frame. Returns false when the header makes no sense. */
static bool read_header(struct buf *frame, size_t len, const struct tap_header *header)
{
    if ((header->flags & TAP_NEEDS_CSUM) != 0) {
        if ((size_t)header->csum_start + header->csum_offset + 2 > len)
            return false;
        frame->csum = BUF_CSUM_PARTIAL;
        frame->csum_start = header->csum_start;
        frame->csum_offset = header->csum_offset;
    } else if ((header->flags & TAP_DATA_VALID) != 0) {
        frame->csum = BUF_CSUM_VALID;
    }
    switch (header->gso_type & ~TAP_GSO_ECN) {
    case TAP_GSO_NONE: return true;
    case TAP_GSO_TCP4: frame->gso = BUF_GSO_TCP4; break;
    case TAP_GSO_TCP6: frame->gso = BUF_GSO_TCP6; break;
    default: return false;
    }
    frame->gso_size = header->gso_size;
    return frame->csum == BUF_CSUM_PARTIAL && header->gso_size > 0;
}

/* Read the next frame. ERR_AGAIN: there is none. ERR_FORMAT: it was dropped. */
static err read_frame(struct network_tap *tap, struct buf **out)
{
    struct tap_header header;
    int pieces = fill_vector(tap, &header);
    ssize_t n;

    if (pieces == 0)
        return ERR_NO_MEMORY;
    do
        n = readv(tap->fd.fd, tap->vector, pieces);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? ERR_AGAIN : ERR_IO;
    if ((size_t)n < sizeof header + NETWORK_HEADER)
        return ERR_FORMAT;
    size_t len = (size_t)n - sizeof header;
    *out = take_pages(tap, len);
    if (read_header(*out, len, &header))
        return OK;
    buf_free(*out);
    return ERR_FORMAT;
}

INTERNAL bool tap_read(struct network_tap *tap)
{
    size_t bytes = 0;

    for (size_t frames = 0; frames < TURN_FRAMES && bytes < TURN_BYTES; frames++) {
        struct buf *frame = NULL;
        switch (read_frame(tap, &frame)) {
        case OK:
            metric_add(&tap->frames_in, 1);
            shed_count(tap, frame);
            bytes += buf_len(frame);
            if (tap->ctx != NULL) {
                network_tap_on_frame(tap->ctx, frame);
                continue;
            }
            buf_free(frame);
            break;
        case ERR_AGAIN:
            linux_fd_drained(&tap->fd);
            shed_look(tap, true);
            return false;
        case ERR_NO_MEMORY:
            /* Without memory the frame stays in the kernel's queue until the next turn. */
            return true;
        case ERR_IO:
            log_error("the interface %s can't be read any more: %s", tap->name, strerror(errno));
            return false;
        default: metric_add(&tap->dropped_in, 1);
        }
    }
    shed_look(tap, false);
    return true;
}

/* out */

static void write_header(const struct buf *frame, struct tap_header *header)
{
    static const uint8_t types[] = { TAP_GSO_NONE, TAP_GSO_TCP4, TAP_GSO_TCP6, TAP_GSO_UDP };
    size_t transport = frame->csum_start;

    *header = (struct tap_header){ 0 };
    if (frame->csum != BUF_CSUM_PARTIAL)
        return;
    header->flags = TAP_NEEDS_CSUM;
    header->csum_start = frame->csum_start;
    header->csum_offset = frame->csum_offset;
    if (frame->gso == BUF_GSO_NONE)
        return;
    header->gso_type = types[frame->gso & 3];
    header->gso_size = frame->gso_size;
    /* How many bytes the kernel keeps as headers: it does not read the others one by one. */
    if (frame->gso == BUF_GSO_UDP) {
        header->hdr_len = (uint16_t)(transport + 8);
    } else if (transport + 14 <= frame->len) {
        header->hdr_len = (uint16_t)(transport + (size_t)(frame->data[transport + 12] >> 4) * 4);
        /* CWR belongs on the first segment only. */
        if ((frame->data[transport + 13] & 0x80) != 0)
            header->gso_type |= TAP_GSO_ECN;
    }
}

INTERNAL err tap_write(struct network_tap *tap, struct buf *frame)
{
    struct tap_header header;
    int pieces = 1;
    ssize_t n;

    write_header(frame, &header);
    tap->vector[0] = (struct iovec){ &header, sizeof header };
    for (const struct buf *b = frame; b != NULL; b = b->next)
        if (b->len > 0)
            tap->vector[pieces++] = (struct iovec){ b->data, b->len };
    do
        n = writev(tap->fd.fd, tap->vector, pieces);
    while (n < 0 && errno == EINTR);
    if (n >= 0) {
        tap->down_told = false;
        metric_add(&tap->frames_out, 1);
        buf_free(frame);
        return OK;
    }
    if (errno == EAGAIN)
        return ERR_AGAIN;
    int number = errno;
    buf_free(frame);
    metric_add(&tap->dropped_out, 1);
    if (number == EIO && !tap->down_told) {
        log_warning("the interface %s is down, and frames are lost; bring it up with: ip link set %s up",
                    tap->name, tap->name);
        tap->down_told = true;
    }
    return number == ENOMEM || number == ENOBUFS ? ERR_NO_SPACE : number == EINVAL ? ERR_INVALID : ERR_IO;
}
