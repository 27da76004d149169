/* The other end of a tap interface of the host, which is made when it isn't there. */
#ifndef DEVICES_NETWORK_TAP_H
#define DEVICES_NETWORK_TAP_H

#include <mirage/functor.h>
#include <mirage/metric.h>
#include <base/packet/packet.h>

#include <sys/uio.h>

#include <platform/linux/fd.h>

MODULE(NETWORK, network_tap);
CATALOG(tap, name);
LOG_SOURCE(tap);

/* struct virtio_net_hdr of virtio 1.0, section 5.1.6, in the machine's order and without num_buffers. */
struct tap_header {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

enum { TAP_NEEDS_CSUM = 1, TAP_DATA_VALID = 2 };
enum { TAP_GSO_NONE = 0, TAP_GSO_TCP4 = 1, TAP_GSO_TCP6 = 4, TAP_GSO_UDP = 5, TAP_GSO_ECN = 0x80 };

/* Pages for a frame of NETWORK_GSO_MAX bytes, the first with headroom, and iovecs for one that is written. */
enum { TAP_PAGES = 18, TAP_VECTOR = 128 };

/* The frames that were counted since `since`, and the timer that ends a quiet window: see shed.c. */
struct shed {
    struct os_timer timer;
    os_time since;
    uint32_t frames, syns;
    uint32_t backlog; /* frames since the kernel's queue was last empty */
    bool late;        /* the queue was full, as far as this side can tell */
    int64_t rate;     /* the allowed rate: SYNs a second */
};

struct network_tap {
    struct linux_fd fd;
    struct network_info info;
    void *ctx; /* the listener's */
    char name[16];
    size_t frame_max;             /* bytes of the longest frame that can come in */
    struct buf *pages[TAP_PAGES]; /* the pages that the next frame is read into */
    struct iovec vector[TAP_VECTOR];
    struct buf **waiting; /* a ring of frames for which the kernel had no room */
    size_t first, count;
    bool down_told; /* it was logged that the interface is down; false again after a successful write */
    struct shed shed;
    struct metric frames_in, frames_out, dropped_in, dropped_out, syn_share;
};

/* Open the interface and read its properties. Logs what is wrong. */
INTERNAL err tap_open(struct network_tap *tap, const char *name, bool offloads);

/*
 * Raise an event for each frame that has come, up to a limit for one turn. Returns true when there may be
 * more.
 */
INTERNAL bool tap_read(struct network_tap *tap);

/*
 * Hand the frame to the kernel. Takes it, unless the result is ERR_AGAIN. The caller must have pulled up a
 * chain with more pieces than a vector holds.
 */
INTERNAL err tap_write(struct network_tap *tap, struct buf *frame);

INTERNAL void shed_init(struct network_tap *tap);
INTERNAL void shed_end(struct network_tap *tap);

/*
 * Count a frame that has come in. shed_look is called after each turn's frames; `drained` tells that all were
 * read.
 */
INTERNAL void shed_count(struct network_tap *tap, const struct buf *frame);
INTERNAL void shed_look(struct network_tap *tap, bool drained);

#endif
