/*
 * A network as over a bad line: frames are lost, delayed, reordered, duplicated, corrupted and limited to a
 * rate, each direction as its own text says, by numbers that follow from a seed.
 *
 *     loss=5%        so many are lost            duplicate=2%   so many come twice
 *     reorder=5%     so many are held back, for up to hold=2ms, while others overtake them
 *     corrupt=1%     so many have one bit flipped, behind the Ethernet header
 *     delay=10ms     each takes this long, give or take jitter=2ms
 *     rate=100M      bits a second; queue=1000 frames wait or are under way at most
 *
 * A line carries frames, not offloads: what is written is segmented and summed here first, if the one
 * above leaves that to its device, and what comes in is taken apart and is for the one above to verify.
 */
#include "fault.h"

#include <base/packet/packet.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

PARAM(NETWORK, net);
MODULE(NETWORK, fault);
LOG_SOURCE(fault);

KEY_STRING(out, "", "what happens to frames that are written");
KEY_STRING(in, "", "what happens to frames that come in");
KEY_INT(seed, 0, INT64_MIN, INT64_MAX, "what its randomness follows from; 0: from the host's");
KEY_BOOL(offload, true, "offer checksums and segmentation of what is written, done here");
ARG_STRING(fault_out, NULL, "faults of frames that are written, as loss=5%,delay=10ms");
ARG_STRING(fault_in, NULL, "faults of frames that come in");
ARG_INT(fault_seed, 0, "what the faults follow from; 0: a number of their own each time");

struct fault {
    struct net *net;
    void *ctx;
    uint16_t mtu;
    uint32_t offloads; /* of what is written; done here */
    struct fault_way out, in;
};

static void pass_out(void *ctx, struct buf *frame)
{
    struct fault *fault = ctx;
    /* A device with a full queue loses the frame. The writer was told OK when the frame was accepted. */
    IGNORE(net_write(fault->net, frame));
}

static void pass_in(void *ctx, struct buf *frame)
{
    struct fault *fault = ctx;
    if (fault->ctx != NULL)
        fault_on_frame(fault->ctx, frame);
    else
        buf_free(frame);
}

static err set_up(struct fault_way *way, const char *name, const char *given, const char *configured,
                  uint64_t number)
{
    const char *wrong, *text = given != NULL ? given : configured;

    if (fault_spec_parse(&way->spec, text, &wrong) != OK) {
        log_error("the faults '%s' are not understood at '%s': they are loss, duplicate, corrupt and reorder "
                  "in percent, delay, "
                  "jitter and hold as 10ms, rate as 100M, and queue",
                  text, wrong);
        return ERR_FORMAT;
    }
    return fault_way_init(way, name, number);
}

IO err fault_connect(struct fault **result, struct net *net)
{
    struct fault *fault = calloc(1, sizeof *fault);
    uint64_t number = (uint64_t)(fault_seed != 0 ? fault_seed : key_seed);
    struct network_info info;
    err e = OK;

    if (fault == NULL)
        return ERR_NO_MEMORY;
    fault->net = net;
    net_info(net, &info);
    fault->mtu = info.mtu;
    fault->offloads = key_offload ? NETWORK_CSUM_OUT | NETWORK_TSO4 | NETWORK_TSO6 | NETWORK_USO : 0;
    fault->out.pass = pass_out;
    fault->in.pass = pass_in;
    fault->out.ctx = fault->in.ctx = fault;
    if (number == 0) {
        uint32_t drawn = 0;
        e = os_entropy(&drawn, sizeof drawn);
        number = (uint64_t)drawn + 1;
    }
    if (e == OK)
        e = set_up(&fault->out, "out", fault_out, key_out, 2 * number);
    if (e == OK)
        e = set_up(&fault->in, "in", fault_in, key_in, 2 * number + 1);
    if (e != OK) {
        fault_way_end(&fault->out);
        fault_way_end(&fault->in);
        free(fault);
        return e;
    }
    log_info("out '%s', in '%s', --fault-seed=%" PRIu64, fault_out != NULL ? fault_out : key_out,
             fault_in != NULL ? fault_in : key_in, number);
    net_listen(net, fault);
    *result = fault;
    return OK;
}

IO void fault_disconnect(struct fault *fault)
{
    net_listen(fault->net, NULL);
    fault_way_end(&fault->out);
    fault_way_end(&fault->in);
    free(fault);
}

void fault_info(struct fault *fault, struct network_info *info)
{
    net_info(fault->net, info);
    info->offloads = fault->offloads;
}

void fault_listen(struct fault *fault, void *ctx)
{
    fault->ctx = ctx;
}

err fault_write(struct fault *fault, struct buf *frame)
{
    struct packet_finish finish;
    err e = OK;

    if (frame == NULL)
        return ERR_NO_MEMORY;
    if (!packet_fits(frame, fault->offloads) || packet_exceeds(frame, fault->mtu)) {
        buf_free(frame);
        return ERR_INVALID;
    }
    packet_finish_begin(&finish, frame, 0);
    while ((frame = packet_finish_next(&finish)) != NULL) {
        err sent = fault_way_send(&fault->out, frame);
        if (e == OK)
            e = sent;
    }
    return e;
}

void net_on_frame(void *ctx, struct buf *frame)
{
    struct fault *fault = ctx;
    struct packet_finish finish;

    packet_finish_begin(&finish, frame, 0);
    while ((frame = packet_finish_next(&finish)) != NULL) {
        frame->csum = BUF_CSUM_UNKNOWN;
        IGNORE(fault_way_send(&fault->in, frame));
    }
}
