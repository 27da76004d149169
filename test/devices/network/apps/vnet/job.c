/* Three ports of a switch: left and right with every offload, plain with none. */
#include <mirage/functor.h>

#include "../../frames.h"

PARAM(NETWORK, left);
PARAM(NETWORK, right);
PARAM(NETWORK, plain);
MODULE(JOB, job);

struct heard {
    const char *name;
    enum frame_kind kind;
    size_t frames, bytes, whole, partial, wrong;
};

static void hear(struct heard *heard, struct buf *frame)
{
    size_t payload = buf_len(frame) - frame_head(heard->kind);
    const char *wrong = frame_wrong(frame, heard->kind, heard->bytes);
    if (wrong != NULL && heard->wrong++ == 0)
        printf("%s: %s\n", heard->name, wrong);
    heard->frames++;
    heard->bytes += payload;
    heard->whole += frame->gso != BUF_GSO_NONE;
    heard->partial += frame->csum == BUF_CSUM_PARTIAL;
    buf_free(frame);
}

void left_on_frame(void *ctx, struct buf *frame)
{
    hear(ctx, frame);
}

void right_on_frame(void *ctx, struct buf *frame)
{
    hear((struct heard *)ctx + 1, frame);
}

void plain_on_frame(void *ctx, struct buf *frame)
{
    hear((struct heard *)ctx + 2, frame);
}

static struct heard heard[3];

static void begin(enum frame_kind kind)
{
    static const char *const names[] = { "left", "right", "plain" };
    for (int i = 0; i < 3; i++)
        heard[i] = (struct heard){ .name = names[i], .kind = kind };
}

static void show(const char *what)
{
    os_sleep(MILLISECONDS(1));
    printf("%s:", what);
    for (int i = 0; i < 3; i++)
        if (heard[i].frames > 0)
            printf(" %s %zu frames %zu bytes %zu whole %zu partial;", heard[i].name, heard[i].frames,
                   heard[i].bytes, heard[i].whole, heard[i].partial);
    printf("\n");
}

static void send(struct left *left, const char *what, enum frame_kind kind, const uint8_t *to,
                 const uint8_t *from, size_t payload, unsigned size)
{
    begin(kind);
    err e = left_write(left, frame_make(kind, to, from, payload, size));
    if (heard[0].frames + heard[1].frames + heard[2].frames > 0)
        printf("it did not wait for the loop\n");
    if (e != OK)
        printf("%s: %s\n", what, err_string(e));
    else
        show(what);
}

/* Write more frames in one turn than the queue holds. */
static void flood(struct left *left, const uint8_t *to, const uint8_t *from)
{
    size_t taken = 0, refused = 0;
    begin(FRAME_UDP4);
    for (int i = 0; i < 3000; i++) {
        err e = left_write(left, frame_make(FRAME_UDP4, to, from, 0, 0));
        taken += e == OK;
        refused += e == ERR_NO_SPACE;
    }
    printf("%zu taken, %zu refused\n", taken, refused);
    show("flood");
    for (taken = 0, refused = 0; refused == 0; taken++)
        refused = left_write(left, frame_make(FRAME_TCP4, to, from, 60000, 1448)) == ERR_NO_SPACE;
    printf("%zu of 60000 bytes taken\n", taken - 1);
}

IO err job_start(struct left *left, struct right *right, struct plain *plain)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 }, none[6] = { 2, 9, 9, 9, 9, 9 };
    static const enum frame_kind kinds[] = { FRAME_TCP4, FRAME_TCP6, FRAME_UDP4, FRAME_UDP6 };
    struct network_info l, r, p;
    struct buf_stats stats;

    left_info(left, &l);
    right_info(right, &r);
    plain_info(plain, &p);
    for (int i = 0; i < 3; i++) {
        const struct network_info *info = i == 0 ? &l : i == 1 ? &r : &p;
        printf("%02x:%02x:%02x:%02x:%02x:%02x mtu %u offloads %x\n", info->mac[0], info->mac[1], info->mac[2],
               info->mac[3], info->mac[4], info->mac[5], info->mtu, info->offloads);
    }
    left_listen(left, heard);
    right_listen(right, heard);
    plain_listen(plain, heard);

    send(left, "unknown", FRAME_UDP4, none, l.mac, 100, 0);
    send(left, "everybody", FRAME_UDP6, all, l.mac, 0, 0);
    for (int i = 0; i < 4; i++)
        send(left, "gso to everybody", kinds[i], all, l.mac, 30000, 1400);

    begin(FRAME_TCP4);
    IGNORE(right_write(right, frame_make(FRAME_TCP4, l.mac, r.mac, 10, 0)));
    show("answer");
    struct buf *b = frame_make(FRAME_TCP4, l.mac, p.mac, 10, 0);
    begin(FRAME_TCP4);
    printf("plain: %s\n", err_string(plain_write(plain, b)));
    b = frame_make(FRAME_TCP4, l.mac, p.mac, 0, 0);
    b->csum = BUF_CSUM_UNKNOWN;
    put16(b->data + 34 + 16, 0xffff & ~sum16(pseudo(b->data, 34, 32, 6), b->data + 34, 16));
    memset(b->data + 34 + 18, 0, 14);
    IGNORE(plain_write(plain, b));
    os_sleep(MILLISECONDS(1));

    for (int i = 0; i < 4; i++)
        send(left, "gso to right", kinds[i], r.mac, l.mac, 65535 - 20 - 40 - 12, 1400);
    for (int i = 0; i < 4; i++)
        send(left, "gso to plain", kinds[i], p.mac, l.mac, 30000, 1400);
    send(left, "odd size to plain", FRAME_TCP4, p.mac, l.mac, 4001, 1001);
    send(left, "too long", FRAME_TCP4, r.mac, l.mac, 1500, 0);
    send(left, "too long a segment", FRAME_TCP4, r.mac, l.mac, 5000, 1460);
    send(left, "to itself", FRAME_TCP4, l.mac, l.mac, 10, 0);
    send(left, "from a group", FRAME_TCP4, r.mac, all, 10, 0);
    send(left, "to the bridge group", FRAME_TCP4, (uint8_t[]){ 1, 0x80, 0xc2, 0, 0, 0 }, l.mac, 10, 0);
    flood(left, r.mac, l.mac);
    right_listen(right, NULL);
    os_sleep(MILLISECONDS(1));
    send(left, "nobody listens", FRAME_TCP4, r.mac, l.mac, 10, 0);
    send(left, "moved", FRAME_TCP4, r.mac, p.mac, 10, 0);
    begin(FRAME_TCP4);
    IGNORE(right_write(right, frame_make(FRAME_TCP4, p.mac, r.mac, 10, 0)));
    show("to the moved one");
    os_sleep(MILLISECONDS(1100));
    send(left, "forgotten", FRAME_TCP4, r.mac, l.mac, 10, 0);

    buf_get_stats(&stats);
    printf("%zu views, %zu pages left\n", stats.views, stats.pages);
    return OK;
}
