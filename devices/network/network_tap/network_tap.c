/*
 * NETWORK over a tap of Linux, the other end of an Ethernet interface of the host. A write runs the host's
 * receive path before it returns. Where the kernel offers it (IFF_VNET_HDR), checksums and segmentation are
 * left to the other side in both directions, as between virtual machines.
 */
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/mac/mac.h>

KEY_STRING(name, "tap0", "the interface, unless --interface names another; it is made when it isn't there");
KEY_STRING(address, "",
           "this side's Ethernet address, unless --mac gives one; without either it follows from host and "
           "interface");
KEY_BOOL(offloads, true, "leave checksums and segmentation to the other side");
KEY_INT(queue, 256, 1, 1 << 20, "frames that wait when the kernel has no room");
ARG_STRING(interface, NULL, "tap interface to use");
ARG_DURATION(busy_poll, "0s",
             "how long to look for frames before sleeping, as 50us: quicker answers, for a core of its own");
ARG_STRING(mac, NULL, "Ethernet address to have on it, as 02:00:00:00:00:01");

static void drop_waiting(struct network_tap *tap)
{
    for (; tap->count > 0; tap->count--) {
        buf_free(tap->waiting[tap->first]);
        tap->first = (tap->first + 1) % (size_t)key_queue;
    }
}

static void write_waiting(struct network_tap *tap)
{
    while (tap->count > 0) {
        err e = tap_write(tap, tap->waiting[tap->first]);
        if (e == ERR_AGAIN) {
            linux_fd_full(&tap->fd);
            return;
        }
        tap->first = (tap->first + 1) % (size_t)key_queue;
        tap->count--;
    }
}

static bool ready(void *ctx)
{
    struct network_tap *tap = ctx;

    if (tap->fd.writable && tap->count > 0)
        write_waiting(tap);
    return tap->fd.readable && tap_read(tap);
}

/*
 * Derive the address from the host and the interface's name, so that it is the same each time: neighbours'
 * caches and DHCP leases stay valid. It is a hash (FNV-1a) in a locally administered address (IEEE 802,
 * section 8.4).
 */
static void derive_mac(const char *interface_name, uint8_t out[6])
{
    char host[80] = "";
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    FILE *f = fopen("/etc/machine-id", "re");

    if (f == NULL || fgets(host, sizeof host, f) == NULL)
        IGNORE(gethostname(host, sizeof host - 1) == 0 ? OK : ERR_IO);
    if (f != NULL)
        fclose(f);
    const char *const parts[] = { host, interface_name };
    for (size_t i = 0; i < 2; i++)
        for (const char *c = parts[i];; c++) {
            hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
            if (*c == '\0')
                break;
        }
    for (int i = 0; i < 6; i++)
        out[i] = (uint8_t)(hash >> 8 * i);
    out[0] = (uint8_t)((out[0] & 0xfc) | 2);
}

static err choose_mac(struct network_tap *tap)
{
    const char *text = mac != NULL ? mac : key_address;

    if (*text == '\0')
        derive_mac(tap->name, tap->info.mac);
    else if (!mac_parse(text, tap->info.mac)) {
        log_error("'%s' is not the address of one station: six bytes as 02:00:00:00:00:01", text);
        return ERR_INVALID;
    }
    return OK;
}

static const struct metric_row metrics[] = {
    METRIC_ROW(struct network_tap, frames_in, COUNTER, "tap.frames_in", "Frames that came in"),
    METRIC_ROW(struct network_tap, frames_out, COUNTER, "tap.frames_out", "Frames that were written"),
    METRIC_ROW(struct network_tap, dropped_in, COUNTER, "tap.dropped_in", "Frames that made no sense"),
    METRIC_ROW(struct network_tap, dropped_out, COUNTER, "tap.dropped_out",
               "Frames that the kernel did not take"),
    METRIC_ROW(struct network_tap, syn_share, GAUGE, "tap.syn_share",
               "One SYN of so many is let in; 1 but in a flood"),
};

IO err network_tap_connect(struct network_tap **out)
{
    struct network_tap *tap = calloc(1, sizeof *tap);
    err e = ERR_NO_MEMORY;
    char mac[MAC_TEXT_SIZE];

    if (tap == NULL)
        return ERR_NO_MEMORY;
    tap->waiting = calloc((size_t)key_queue, sizeof *tap->waiting);
    if (tap->waiting == NULL)
        goto fail;
    e = tap_open(tap, interface != NULL ? interface : key_name, key_offloads);
    if (e != OK)
        goto fail;
    e = choose_mac(tap);
    if (e != OK) {
        linux_fd_close(&tap->fd);
        goto fail;
    }
    tap->frame_max =
        tap->info.offloads & NETWORK_LRO ? NETWORK_GSO_MAX : (size_t)tap->info.mtu + NETWORK_HEADER;
    log_info("%s: %s, MTU %u, offloads 0x%x", tap->name, mac_format(tap->info.mac, mac), tap->info.mtu,
             tap->info.offloads);
    metric_register(metrics, tap, tap->name);
    shed_init(tap);
    linux_busy_poll(busy_poll);
    linux_fd_watch(&tap->fd, ready, tap);
    *out = tap;
    return OK;
fail:
    free(tap->waiting);
    free(tap);
    return e;
}

IO void network_tap_disconnect(struct network_tap *tap)
{
    shed_end(tap);
    linux_fd_close(&tap->fd);
    drop_waiting(tap);
    for (size_t i = 0; i < TAP_PAGES; i++)
        buf_free(tap->pages[i]);
    metric_unregister(metrics, tap);
    free(tap->waiting);
    free(tap);
}

void network_tap_info(struct network_tap *tap, struct network_info *out)
{
    *out = tap->info;
}

void network_tap_listen(struct network_tap *tap, void *ctx)
{
    tap->ctx = ctx;
}

static err enqueue(struct network_tap *tap, struct buf *frame)
{
    if (tap->count == (size_t)key_queue) {
        metric_add(&tap->dropped_out, 1);
        buf_free(frame);
        return ERR_NO_SPACE;
    }
    tap->waiting[(tap->first + tap->count++) % (size_t)key_queue] = frame;
    return OK;
}

err network_tap_write(struct network_tap *tap, struct buf *frame)
{
    size_t len = 0, pieces = 1;

    if (frame == NULL)
        return ERR_NO_MEMORY;
    for (const struct buf *b = frame; b != NULL; b = b->next, pieces++)
        len += b->len;
    if (!packet_fits(frame, tap->info.offloads) || len < NETWORK_HEADER || len > NETWORK_GSO_MAX ||
        packet_exceeds(frame, tap->info.mtu)) {
        buf_free(frame);
        return ERR_INVALID;
    }
    if (pieces > TAP_VECTOR && (frame = buf_pull_up(frame, len)) == NULL)
        return ERR_NO_MEMORY;
    if (tap->count > 0)
        return enqueue(tap, frame);
    err e = tap_write(tap, frame);
    if (e != ERR_AGAIN)
        return e;
    linux_fd_full(&tap->fd);
    return enqueue(tap, frame);
}
