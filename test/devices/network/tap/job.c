/*
 * The program for test_tap.py. It answers ARP and UDP like a host, reports frames of type 0x88b5, and obeys
 * frames of type 0x88b6.
 */
#include <mirage/functor.h>

#include "../frames.h"

PARAM(NETWORK, net);
MODULE(JOB, job);

struct state {
    struct net *net;
    struct network_info info;
    struct os_waitq end;
};

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t x = a[i];
        a[i] = b[i];
        b[i] = x;
    }
}

static void answer_arp(struct state *s, struct buf *b)
{
    uint8_t *p = b->data;
    if (get16(p + 20) != 1) {
        buf_free(b);
        return;
    }
    memcpy(p, p + 6, 6);
    memcpy(p + 6, s->info.mac, 6);
    p[21] = 2;
    swap(p + 28, p + 38, 4);
    memcpy(p + 32, p + 22, 6);
    memcpy(p + 22, s->info.mac, 6);
    IGNORE(net_write(s->net, b));
}

/* Send the frame back. A complete checksum stays complete, and a partial one is left to the kernel. */
static void echo(struct state *s, struct buf *b)
{
    uint8_t *p = b->data;
    swap(p, p + 6, 6);
    swap(p + 26, p + 30, 4);
    swap(p + 34, p + 36, 2);
    if (b->csum == BUF_CSUM_VALID)
        b->csum = BUF_CSUM_UNKNOWN;
    IGNORE(net_write(s->net, b));
}

static void tell(const struct buf *b)
{
    printf("%zu bytes, %u in the first of %s, csum %d, gso %d of %u%s\n", buf_len(b), b->len,
           b->next == NULL ? "one" : "several", b->csum, b->gso, b->gso_size,
           buf_is_shared(b) ? ", shared" : "");
    fflush(stdout);
}

static void obey(struct state *s, const struct buf *b)
{
    struct buf_stats stats;
    char word[64];
    unsigned kind, payload, size, count;
    size_t len = buf_len(b) - 14 < sizeof word - 1 ? buf_len(b) - 14 : sizeof word - 1;
    IGNORE(buf_read_copy(b, 14, word, len));
    word[len] = '\0';
    if (sscanf(word, "send %u %u %u %u", &kind, &payload, &size, &count) == 4) {
        err e = OK;
        for (unsigned i = 0; i < count && e == OK; i++)
            e = net_write(s->net, frame_make((enum frame_kind)kind, b->data + 6, s->info.mac, payload, size));
        printf("sent: %s\n", err_string(e));
    } else if (strncmp(word, "pieces", 6) == 0) {
        struct buf *frame = frame_make(FRAME_TCP4, b->data + 6, s->info.mac, 10, 0),
                   *whole = buf_copy("0123456789", 10);
        buf_free(frame->next);
        frame->next = NULL;
        for (int i = 0; i < 100; i++)
            frame = buf_append(frame, buf_slice(whole, 0, 10));
        buf_free(whole);
        put16(frame->data + 16, 52 + 1000);
        put16(frame->data + 24, 0);
        put16(frame->data + 24, 0xffff & ~sum16(0, frame->data + 14, 20));
        printf("pieces: %s\n", err_string(net_write(s->net, frame)));
    } else if (strncmp(word, "stats", 5) == 0) {
        buf_get_stats(&stats);
        printf("%zu views\n", stats.views);
    } else {
        os_wake_all(&s->end);
    }
    fflush(stdout);
}

void net_on_frame(void *ctx, struct buf *frame)
{
    struct state *s = ctx;
    switch (get16(frame->data + 12)) {
    case 0x0806: answer_arp(s, frame); return;
    case 0x0800:
        if (frame->data[23] == 17 && memcmp(frame->data + 30, (uint8_t[]){ 10, 9, 0, 2 }, 4) == 0 &&
            get16(frame->data + 36) == 7) {
            tell(frame);
            echo(s, frame);
            return;
        }
        if (frame->data[23] == 6)
            tell(frame);
        break;
    case 0x88b5: tell(frame); break;
    case 0x88b6: obey(s, frame);
    }
    buf_free(frame);
}

IO err job_start(struct net *net)
{
    struct state s = { .net = net };

    net_info(net, &s.info);
    net_listen(net, &s);
    printf("ready %02x:%02x:%02x:%02x:%02x:%02x mtu %u offloads %x\n", s.info.mac[0], s.info.mac[1],
           s.info.mac[2], s.info.mac[3], s.info.mac[4], s.info.mac[5], s.info.mtu, s.info.offloads);
    fflush(stdout);
    err e = os_wait(&s.end);
    net_listen(net, NULL);
    return e;
}
