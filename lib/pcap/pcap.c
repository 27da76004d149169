/*
 * A network whose frames are recorded in a file, in the pcap format with nanoseconds
 * (draft-ietf-opsawg-pcap), for Wireshark and tshark.
 *
 * Frames pass unchanged. A frame that a device will segment is one record, as the host's own captures have
 * it, and the checksum that it will complete is complete in the record.
 *
 * Records may stay in the sink for a tenth of a second. When the file can't be written, the network goes on
 * without being recorded.
 */
#include <base/checksum/checksum.h>
#include <mirage/functor.h>
#include <mirage/metric.h>

#include <stdlib.h>
#include <string.h>

PARAM(NETWORK, net);
PARAM(PCLOCK, clock);
PARAM(SINK, sink);
MODULE(NETWORK, pcap);
CATALOG(pcap, net, path(file));
LOG_SOURCE(pcap);

KEY_STRING(file, "capture.pcap", "the file, unless --pcap names another");
KEY_INT(snap, 262144, 1, 1 << 30, "bytes of a frame that are recorded at most");
ARG_STRING(pcap, NULL, "file to record frames in");

enum { RECORD = 16 };

struct pcap {
    struct net *net;
    struct clock *clock;
    void *ctx;
    struct sink_output *to; /* NULL when it failed */
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
    IGNORE(sink_close(pcap->to));
    pcap->to = NULL;
}

static void flush(void *arg)
{
    struct pcap *pcap = arg;
    if (pcap->to != NULL && sink_flush(pcap->to) != OK)
        fail(pcap);
}

static const struct metric_row metrics[] = {
    METRIC_ROW(struct pcap, recorded, COUNTER, "pcap.recorded", "Frames recorded"),
};

IO err pcap_connect(struct pcap **out, struct net *net, struct clock *clock, struct sink *sink)
{
    const char *name = pcap != NULL ? pcap : key_file;
    struct file_header header = { 0xa1b23c4d, 2, 4, 0, 0, (uint32_t)key_snap, 1 };
    struct pcap *self = calloc(1, sizeof *self);
    err e;

    if (self == NULL)
        return ERR_NO_MEMORY;
    self->net = net;
    self->clock = clock;
    self->flush = (struct os_timer)OS_TIMER_INIT(flush, self);
    e = sink_open(sink, name, &self->to);
    if (e != OK) {
        log_error("%s can't be opened to record frames", name);
        free(self);
        return e;
    }
    if (sink_append(self->to, &header, sizeof header) != OK || sink_flush(self->to) != OK)
        fail(self);
    metric_register(metrics, self, name);
    net_listen(net, self);
    *out = self;
    return OK;
}

IO void pcap_disconnect(struct pcap *self)
{
    net_listen(self->net, NULL);
    os_timer_stop(&self->flush);
    if (self->to != NULL && sink_close(self->to) != OK)
        log_error("the end of the capture could not be written");
    metric_unregister(metrics, self);
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
        if (sink_append(self->to, data, hit - at) != OK || sink_append(self->to, &patch->bytes[i], 1) != OK)
            return false;
        data += hit + 1 - at;
        len -= hit + 1 - at;
        at = hit + 1;
    }
    return sink_append(self->to, data, len) == OK;
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
    if (sink_append(self->to, &header, RECORD) != OK || !write_frame(self, frame, kept)) {
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
