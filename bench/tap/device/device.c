/* Writes frames to the device, or reads them from it, for some seconds, and prints the result in one line. */
#include <mirage/functor.h>
#include <base/wire/wire.h>

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

PARAM(NETWORK, net);
MODULE(JOB, device);

ARG_STRING(what, "receive", "send or receive");
ARG_INT(payload, 65160, "TCP payload bytes of a frame that is sent");
ARG_INT(segment, 1448, "payload bytes that the other side is to make segments of; 0: none");
ARG_DURATION(time, "3s", "how long");

struct counts {
    uint64_t frames, bytes;
    os_time first;
};

static int64_t cpu_now(bool system)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int64_t user = usage.ru_utime.tv_sec * SECONDS(1) + usage.ru_utime.tv_usec * 1000;
    int64_t kernel = usage.ru_stime.tv_sec * SECONDS(1) + usage.ru_stime.tv_usec * 1000;
    return system ? kernel : user;
}

static void show(const struct counts *c, os_time took, int64_t user, int64_t system)
{
    double seconds = (double)took / 1e9, frames = c->frames > 0 ? (double)c->frames : 1;
    printf("%-8s %8.0f frames/s %7.2f Gbit/s  %6.2f us CPU a frame, of it user %.2f\n", what,
           (double)c->frames / seconds, (double)c->bytes * 8 / 1e9 / seconds,
           (double)(user + system) / 1e3 / frames, (double)user / 1e3 / frames);
    fflush(stdout);
}

void net_on_frame(void *ctx, struct buf *frame)
{
    struct counts *c = ctx;
    if (c->first == 0)
        c->first = os_now();
    c->frames++;
    c->bytes += buf_len(frame);
    buf_free(frame);
}

static void make_head(uint8_t *p, const uint8_t *mac)
{
    static const uint8_t head[] = {
        2, 0, 0, 0,  9, 9, 0, 0,    0, 0,    0, 0, 8, 0, 0x45, 0, 0, 0, 0, 1,    0x40, 0, 64, 6, 0, 0, 10,
        9, 0, 2, 10, 9, 0, 3, 0x10, 0, 0x20, 0, 0, 0, 0, 1,    0, 0, 0, 1, 0x50, 0x10, 1, 0,  0, 0, 0, 0
    };
    memcpy(p, head, sizeof head);
    memcpy(p + 6, mac, 6);
    wire_put16(p + 16, (uint32_t)payload + 40);
}

/* The frames go to an address that is not the interface's, so the kernel drops them at once. */
static err send_all(struct net *net, struct counts *c)
{
    struct network_info info;
    struct buf *data = NULL;
    os_time end = os_now() + time;
    err e = OK;

    net_info(net, &info);
    for (int64_t left = payload; left > 0; left -= 3900)
        data = buf_append(data, buf_copy((uint8_t[3900]){ 0 }, left < 3900 ? (size_t)left : 3900));
    c->first = os_now();
    while (e == OK && os_now() < end) {
        for (int i = 0; i < 64 && e == OK; i++) {
            struct buf *b = buf_alloc(54);
            make_head(b->data, info.mac);
            b->next = buf_share(data);
            if (segment > 0) {
                b->csum = BUF_CSUM_PARTIAL;
                b->csum_start = 34;
                b->csum_offset = 16;
                b->gso = BUF_GSO_TCP4;
                b->gso_size = (uint16_t)segment;
            }
            c->frames++;
            c->bytes += (uint64_t)payload + 54;
            e = net_write(net, b);
        }
        if (os_yield() != OK)
            break;
    }
    buf_free(data);
    return e;
}

IO err device_start(struct net *net)
{
    struct counts c = { 0 };

    net_listen(net, &c);
    printf("ready\n");
    fflush(stdout);
    int64_t user = cpu_now(false), system = cpu_now(true);
    if (strcmp(what, "send") == 0)
        TRY(send_all(net, &c));
    else
        os_sleep(time);
    net_listen(net, NULL);
    show(&c, os_now() - c.first, cpu_now(false) - user, cpu_now(true) - system);
    return OK;
}
