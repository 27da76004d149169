/*
 * A network whose frames are recorded in a file, in the pcap format with nanoseconds
 * (draft-ietf-opsawg-pcap), for Wireshark and tshark.
 *
 * Frames pass unchanged. A frame that a device will segment is one record, as the host's own captures have
 * it, and the checksum that it will complete is complete in the record.
 *
 * Records are kept until KEEP bytes of them have come or a tenth of a second has passed. When the file can't
 * be written, the network goes on without being recorded.
 */
#include <base/checksum/checksum.h>
#include <mirage/functor.h>
#include <mirage/metric.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PARAM(NETWORK, net);
PARAM(PCLOCK, clock);
MODULE(NETWORK, pcap);
CATALOG(pcap, net, path(file));
LOG_SOURCE(pcap);

KEY_STRING(file, "capture.pcap", "the file, unless --pcap names another");
KEY_INT(snap, 262144, 1, 1 << 30, "bytes of a frame that are recorded at most");
ARG_STRING(pcap, NULL, "file to record frames in");

enum { KEEP = 262144, RECORD = 16 };

struct pcap {
    struct net *net;
    struct clock *clock;
    void *ctx;
    FILE *to; /* NULL when it failed */
    char *buffer;
    struct os_timer flush;
    struct metric recorded;
};

/* The fields of the file's header are in the byte order of the machine that wrote it. */
struct file_header {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap, link;
};

struct record_header {
    uint32_t seconds, nanoseconds, kept, length;
};

static void fail(struct pcap *pcap)
{
    log_error("the capture ends here: the file can't be written");
    fclose(pcap->to);
    pcap->to = NULL;
}

static void flush(void *arg)
{
    struct pcap *pcap = arg;
    if (pcap->to != NULL && fflush(pcap->to) != 0)
        fail(pcap);
}

IO err pcap_connect(struct pcap **out, struct net *net, struct clock *clock)
{
    const char *name = pcap != NULL ? pcap : key_file;
    struct file_header header = { 0xa1b23c4d, 2, 4, 0, 0, (uint32_t)key_snap, 1 };
    struct pcap *self;

    self = calloc(1, sizeof *self);
    if (self == NULL)
        return ERR_NO_MEMORY;
    self->net = net;
    self->clock = clock;
    self->flush = (struct os_timer)OS_TIMER_INIT(flush, self);
    self->buffer = malloc(KEEP);
    self->to = fopen(name, "wbe");
    if (self->buffer == NULL || self->to == NULL) {
        err e = self->buffer == NULL ? ERR_NO_MEMORY : ERR_ACCESS;
        log_error("%s can't be opened to record frames", name);
        if (self->to != NULL)
            fclose(self->to);
        free(self->buffer);
        free(self);
        return e;
    }
    setvbuf(self->to, self->buffer, _IOFBF, KEEP);
    if (fwrite(&header, sizeof header, 1, self->to) != 1 || fflush(self->to) != 0)
        fail(self);
    metric_register(&self->recorded, METRIC_COUNTER, "pcap.recorded", name, "Frames recorded");
    net_listen(net, self);
    *out = self;
    return OK;
}

IO void pcap_disconnect(struct pcap *self)
{
    net_listen(self->net, NULL);
    os_timer_stop(&self->flush);
    if (self->to != NULL && fclose(self->to) != 0)
        log_error("the end of the capture could not be written");
    metric_unregister(&self->recorded);
    free(self->buffer);
    free(self);
}

/* Two bytes to be recorded at `at`, in place of those of the frame. */
struct patch {
    size_t at;
    uint8_t bytes[2];
};

static bool write_piece(struct pcap *self, const uint8_t *data, size_t len, size_t at,
                        const struct patch *patch)
{
    for (size_t i = 0; i < 2; i++) {
        size_t hit = patch->at + i;
        if (hit < at || hit >= at + len)
            continue;
        if (fwrite(data, 1, hit - at, self->to) != hit - at || fputc(patch->bytes[i], self->to) == EOF)
            return false;
        data += hit + 1 - at;
        len -= hit + 1 - at;
        at = hit + 1;
    }
    return fwrite(data, 1, len, self->to) == len;
}

static bool write_frame(struct pcap *self, const struct buf *frame, size_t kept)
{
    struct patch patch = { .at = SIZE_MAX - 1 };
    size_t at = 0;

    if (frame->csum == BUF_CSUM_PARTIAL) {
        patch.at = (size_t)frame->csum_start + frame->csum_offset;
        checksum_store_udp(patch.bytes, checksum_add_buf(0, frame, frame->csum_start, SIZE_MAX));
    }
    for (const struct buf *b = frame; b != NULL && at < kept; b = b->next) {
        size_t len = b->len < kept - at ? b->len : kept - at;
        if (!write_piece(self, b->data, len, at, &patch))
            return false;
        at += len;
    }
    return true;
}

static void record(struct pcap *self, const struct buf *frame)
{
    int64_t now;
    size_t len, kept;

    if (self->to == NULL || frame == NULL)
        return;
    now = clock_now(self->clock);
    len = buf_len(frame);
    kept = len < (size_t)key_snap ? len : (size_t)key_snap;
    struct record_header header = { (uint32_t)(now / 1000000000), (uint32_t)(now % 1000000000),
                                    (uint32_t)kept, (uint32_t)len };
    if (fwrite(&header, RECORD, 1, self->to) != 1 || !write_frame(self, frame, kept)) {
        fail(self);
        return;
    }
    metric_add(&self->recorded, 1);
    /* Without memory for a timer, the record is written now. */
    if (!os_timer_is_set(&self->flush) && os_timer_set(&self->flush, os_loop_now() + MILLISECONDS(100)) != OK)
        flush(self);
}

void pcap_info(struct pcap *self, struct network_info *out)
{
    net_info(self->net, out);
}

void pcap_listen(struct pcap *self, void *ctx)
{
    self->ctx = ctx;
}

err pcap_write(struct pcap *self, struct buf *frame)
{
    record(self, frame);
    return net_write(self->net, frame);
}

void net_on_frame(void *ctx, struct buf *frame)
{
    struct pcap *self = ctx;

    record(self, frame);
    if (self->ctx != NULL)
        pcap_on_frame(self->ctx, frame);
    else
        buf_free(frame);
}
