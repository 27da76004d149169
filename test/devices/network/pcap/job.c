/* Sends frames of every kind past two captures, one of whole frames and one of their headers. */
#include <mirage/functor.h>

#include "../frames.h"

PARAM(NETWORK, left);
PARAM(NETWORK, right);
MODULE(JOB, job);

void right_on_frame(void *ctx, struct buf *frame)
{
    (void)ctx;
    buf_free(frame);
}

IO err job_start(struct left *left, struct right *right)
{
    static const uint8_t a[6] = { 2, 0, 0, 0, 0, 1 }, b[6] = { 2, 0, 0, 0, 0, 2 };
    struct buf_stats stats;
    uint8_t nonce[8];

    right_listen(right, left);
    for (int kind = 0; kind < 4; kind++) {
        IGNORE(left_write(left, frame_make((enum frame_kind)kind, b, a, 101, 0)));
        IGNORE(left_write(left, frame_make((enum frame_kind)kind, b, a, 30000, 1400)));
        os_sleep(SECONDS(1) + 7);
    }
    TRY(os_entropy(nonce, sizeof nonce));
    struct buf *random = frame_make(FRAME_UDP4, b, a, 0, 0);
    random->next = buf_append(random->next, buf_copy(nonce, sizeof nonce));
    put16(random->data + 16, 36);
    put16(random->data + 24, 0);
    put16(random->data + 24, 0xffff & ~sum16(0, random->data + 14, 20));
    put16(random->data + 38, 16);
    put16(random->data + 40, pseudo(random->data, 34, 16, 17));
    IGNORE(left_write(left, random));
    os_sleep(MILLISECONDS(1));
    buf_get_stats(&stats);
    if (stats.views != 0 || stats.pages != 0)
        printf("%zu views, %zu pages left\n", stats.views, stats.pages);
    return OK;
}
