/* Traces one frame of each kind and some invalid ones. The log goes to standard output without times. */
#include <mirage/functor.h>

#include "../../frames.h"

PARAM(NETWORK, left);
PARAM(NETWORK, right);
MODULE(JOB, job);

static void sink(void *ctx, enum log_level level, const char *line, size_t len)
{
    (void)ctx, (void)level, (void)len;
    printf("%s\n", strstr(line, "trace: "));
}

void right_on_frame(void *ctx, struct buf *frame)
{
    (void)ctx;
    buf_free(frame);
}

static void send(struct left *left, const char *hex)
{
    static const uint8_t addresses[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
    uint8_t bytes[200];
    size_t len = 0;
    memcpy(bytes, addresses, 12);
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += hex[2] == ' ' ? 3 : 2)
        bytes[12 + len++] = (uint8_t)byte;
    IGNORE(left_write(left, buf_copy(bytes, 12 + len)));
    os_sleep(MILLISECONDS(1));
}

IO err job_start(struct left *left, struct right *right)
{
    static const uint8_t a[6] = { 2, 0, 0, 0, 0, 1 }, b[6] = { 2, 0, 0, 0, 0, 2 };
    static const char ipv4[] = "0800 4500001c 00010000 40",
                      fd00[] = "fd000000000000000000000000000001 fd000000000000000000000000000002";
    struct buf_stats stats;
    char hex[400];

    log_set_sink(sink, NULL);
    right_listen(right, left);
    for (int kind = 0; kind < 4; kind++)
        IGNORE(left_write(left, frame_make((enum frame_kind)kind, b, a, 100, 0)));
    IGNORE(left_write(left, frame_make(FRAME_TCP6, b, a, 10000, 1400)));
    IGNORE(left_write(left, frame_make(FRAME_TCP6, b, a, 2000, 0)));
    os_sleep(MILLISECONDS(1));
    send(left, "0806 0001080006040001 020000000001 0a000001 000000000000 0a000002");
    send(left, "0806 0001080006040002 020000000002 0a000002 020000000001 0a000001");
    send(left, "0806 0001080006040002 02000000");
    snprintf(hex, sizeof hex, "%s01 66dd 0a000001 0a000002 0800f7fd 00010001", ipv4);
    send(left, hex);
    snprintf(hex, sizeof hex, "%s01 66dd 0a000001 0a000002 0301fcfe", ipv4);
    send(left, hex);
    send(left, "0800 4500001c 00012001 40 11 66dd 0a000001 0a000002 0301fcfe");
    send(left, "0800 4500001c 00012000 40 11 66dd 0a000001 0a000002 0301fcfe 00080000");
    send(left, "0800 4f00001c 0001");
    snprintf(hex, sizeof hex, "86dd 60000000 0008 3a 40 %s 8100f7fd 00010001", fd00);
    send(left, hex);
    snprintf(hex, sizeof hex, "86dd 60000000 0010 00 40 %s 3a00050200000000 8700f7fd 00010001", fd00);
    send(left, hex);
    snprintf(hex, sizeof hex, "86dd 60000000 0010 2c 40 %s 1100005000000007 8700f7fd 00010001", fd00);
    send(left, hex);
    snprintf(hex, sizeof hex, "86dd 60000000 0010 00 40 %s", fd00);
    send(left, hex);
    snprintf(hex, sizeof hex, "86dd 60000000 0010 06 40 %s 0102030405", fd00);
    send(left, hex);
    send(left, "86dd 6000");
    send(left, "88cc 0102");
    send(left, "08");
    buf_get_stats(&stats);
    printf("%zu views, %zu pages left\n", stats.views, stats.pages);
    return OK;
}
