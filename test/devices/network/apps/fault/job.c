/* Tests bad lines with fixed seeds in virtual time. The number of faults must match their probability. */
#include <mirage/functor.h>

#include "../../frames.h"

PARAM(NETWORK, source);
PARAM(NETWORK, many);
PARAM(NETWORK, slow);
PARAM(NETWORK, twice);
MODULE(JOB, job);

enum { FRAMES = 10000 };

struct counts {
    size_t frames, wrong, overtaken, twins, bits;
    unsigned last;
    os_time first_at, last_at, least, most;
    uint8_t seen[FRAMES];
};

static struct counts counts;
static os_time sent_at[FRAMES];

static const uint8_t nobody[6] = { 2, 0, 0, 0, 0, 99 };

/* A complete UDP frame with a number in it. */
static struct buf *numbered(const uint8_t *to, const uint8_t *from, unsigned number, size_t payload)
{
    struct buf *b = frame_make(FRAME_UDP4, to, from, payload, 0);
    b = buf_pull_up(b, 42 + payload);
    put16(b->data + 42, number);
    b->csum = BUF_CSUM_UNKNOWN;
    put16(b->data + 40, 0);
    put16(b->data + 40, 0xffff & ~sum16(pseudo(b->data, 34, 8 + payload, 17), b->data + 34, 8 + payload));
    return b;
}

static bool is_whole(const struct buf *b, const uint8_t *p)
{
    return sum16(0, p + 14, 20) == 0xffff &&
           sum16(pseudo(p, 34, buf_len(b) - 34, 17), p + 34, buf_len(b) - 34) == 0xffff;
}

static void count(struct buf *frame)
{
    uint8_t p[1600];
    size_t len = buf_len(frame);
    os_time now = os_now();

    counts.frames++;
    IGNORE(buf_read_copy(frame, 0, p, len));
    unsigned number = get16(p + 42);
    if (frame->csum != BUF_CSUM_UNKNOWN || frame->gso != BUF_GSO_NONE || !is_whole(frame, p)) {
        counts.wrong++;
    } else if (number < FRAMES) {
        os_time took = now - sent_at[number];
        counts.overtaken += number < counts.last;
        counts.twins += counts.seen[number];
        counts.seen[number] = 1;
        counts.last = number;
        if (counts.first_at == 0)
            counts.first_at = now;
        if (counts.least == 0 || took < counts.least)
            counts.least = took;
        if (took > counts.most)
            counts.most = took;
        counts.last_at = now;
    }
    buf_free(frame);
}

void source_on_frame(void *ctx, struct buf *frame)
{
    (void)ctx;
    count(frame);
}

void many_on_frame(void *ctx, struct buf *frame)
{
    (void)ctx;
    count(frame);
}

void twice_on_frame(void *ctx, struct buf *frame)
{
    (void)ctx;
    count(frame);
}

static void between(const char *what, long long n, long long low, long long high)
{
    if (n >= low && n <= high)
        printf("%s as they should be\n", what);
    else
        printf("%s: %lld, which is not %lld to %lld\n", what, n, low, high);
}

IO err job_start(struct source *source, struct many *many, struct slow *slow, struct twice *twice)
{
    struct network_info s, m, l, t;
    struct buf_stats stats;

    source_info(source, &s);
    many_info(many, &m);
    slow_info(slow, &l);
    twice_info(twice, &t);
    printf("offloads %x\n", m.offloads);
    source_listen(source, &counts);
    many_listen(many, &counts);
    twice_listen(twice, &counts);
    IGNORE(many_write(many, numbered(s.mac, m.mac, 65535, 2)));
    os_sleep(SECONDS(1));

    memset(&counts, 0, sizeof counts);
    for (unsigned i = 0; i < FRAMES; i++) {
        sent_at[i] = os_now();
        IGNORE(source_write(source, numbered(m.mac, s.mac, i, 2 + i % 100)));
        os_sleep(MICROSECONDS(100));
    }
    os_sleep(SECONDS(1));
    printf("in: 10000 frames\n");
    between("losses and twins", (long long)counts.frames, 9600, 9800);
    between("wrong ones", (long long)counts.wrong, 70, 130);
    between("twins", (long long)counts.twins, 140, 250);
    between("overtaken ones", (long long)counts.overtaken, 250, 550);
    between("least delays", counts.least, MILLISECONDS(7), MILLISECONDS(9));
    between("greatest delays", counts.most, MILLISECONDS(13), MILLISECONDS(15));

    memset(&counts, 0, sizeof counts);
    for (unsigned i = 0; i < FRAMES; i++) {
        IGNORE(many_write(many, numbered(s.mac, m.mac, i, 2)));
        os_sleep(MICROSECONDS(1));
    }
    printf("out: 10000 frames, %zu wrong, %zu twins, %zu overtaken\n", counts.wrong, counts.twins,
           counts.overtaken);
    os_sleep(SECONDS(1));
    between("losses", (long long)counts.frames, 8850, 9150);

    /* 1000 bytes take a millisecond. The eleventh frame at once exceeds the queue. */
    memset(&counts, 0, sizeof counts);
    size_t refused = 0;
    os_time begin = os_now();
    for (unsigned i = 0; i < 20; i++)
        refused += slow_write(slow, numbered(s.mac, l.mac, i, 1000 - 42)) == ERR_NO_SPACE;
    os_sleep(SECONDS(1));
    printf("slow: %zu came, %zu refused, the first after %lld us, the last after %lld us\n", counts.frames,
           refused, (long long)(counts.first_at - begin) / 1000, (long long)(counts.last_at - begin) / 1000);

    memset(&counts, 0, sizeof counts);
    IGNORE(twice_write(twice, numbered(s.mac, t.mac, 65535, 2)));
    os_sleep(SECONDS(1));
    for (unsigned i = 0; i < 100; i++)
        IGNORE(source_write(source, numbered(t.mac, s.mac, i, 2)));
    os_sleep(SECONDS(1));
    printf("twice: %zu came, %zu twins\n", counts.frames, counts.twins);

    /* The line finishes offloads, so segments are lost one by one. */
    memset(&counts, 0, sizeof counts);
    IGNORE(source_write(source, frame_make(FRAME_TCP4, m.mac, s.mac, 60000, 1000)));
    os_sleep(SECONDS(1));
    between("segments in", (long long)counts.frames, 50, 65);
    memset(&counts, 0, sizeof counts);
    IGNORE(many_write(many, frame_make(FRAME_UDP6, nobody, m.mac, 60000, 1000)));
    os_sleep(SECONDS(1));
    printf("too long: %s\n", err_string(many_write(many, frame_make(FRAME_UDP4, nobody, m.mac, 1500, 0))));
    os_sleep(SECONDS(1));
    buf_get_stats(&stats);
    printf("%zu views, %zu pages left\n", stats.views, stats.pages);
    return OK;
}
