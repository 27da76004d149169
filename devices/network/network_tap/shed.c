/*
 * Protection against a flood of SYNs. A SYN costs its sender less than its receiver. The kernel keeps
 * incoming frames in one short queue, and when that overflows, frames of established connections are lost
 * too, before any protocol could prefer them. So while SYNs are the majority of the frames, and more than
 * syn_rate a second, the kernel gets a filter (classic BPF). It drops all but a share of the SYNs before they
 * reach the queue, in the sender's time. Ordinary traffic does not look like this: of three frames of a
 * connection, at most one is a SYN.
 */
#include "tap.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

KEY_INT(syn_rate, 10000, 0, 1 << 30, "SYNs a second of a flood that are let in; 0: all");

/*
 * SHED_PATIENCE: how long SYNs are counted before the first filter, so that many clients at once are not
 * taken for a flood. SHED_WINDOW: how often the share is computed anew. SHED_MOST: of this many SYNs at least
 * one passes.
 */
#define SHED_PATIENCE MILLISECONDS(100)
#define SHED_WINDOW MILLISECONDS(20)
enum { SHED_MOST = 65536 };

/*
 * QUEUE: the length of the kernel's queue in frames (tx_queue_len). The allowed rate is never below syn_rate
 * / RATE_LEAST, and grows by steps of syn_rate / RATE_STEP.
 */
enum { QUEUE = 500, RATE_LEAST = 64, RATE_STEP = 512 };

enum { FLAG_SYN = 0x02, FLAG_ACK = 0x10 };

/*
 * Whether the frame is a SYN that opens a connection. Neither this nor the filter looks behind extension
 * headers.
 */
static bool is_syn(const struct buf *frame)
{
    const uint8_t *p = frame->data;
    size_t flags;

    if (frame->len < 14 + 20 + 14)
        return false;
    if (p[12] == 0x08 && p[13] == 0x00 && p[23] == 6 && (p[20] & 0x1f) == 0 && p[21] == 0)
        flags = 14u + (p[14] & 15u) * 4u + 13u;
    else if (p[12] == 0x86 && p[13] == 0xdd && p[20] == 6)
        flags = 14 + 40 + 13;
    else
        return false;
    return flags < frame->len && (p[flags] & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
}

/* Install a filter that passes one of `share` SYNs; 1 removes it. Returns false when the kernel cannot. */
static bool set_filter(struct network_tap *tap, uint32_t share)
{
    /* The frame begins with its Ethernet header. A jump counts the instructions to skip. */
    struct sock_filter code[] = {
        /*  0 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        /*  1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 6),
        /*  2 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
        /*  3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 13),
        /*  4 */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
        /*  5 */ BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 11, 0),
        /*  6 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
        /*  7 */ BPF_STMT(BPF_JMP | BPF_JA, 4),
        /*  8 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 8),
        /*  9 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
        /* 10 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 6),
        /* 11 */ BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 40),
        /* 12 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, 14 + 13),
        /* 13 */ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, FLAG_SYN | FLAG_ACK),
        /* 14 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FLAG_SYN, 0, 2),
        /* 15 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        /* 16 */ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, UINT32_MAX / share, 1, 0),
        /* 17 */ BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        /* 18 */ BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = { sizeof code / sizeof *code, code };

    return share == 1 ? ioctl(tap->fd.fd, TUNDETACHFILTER, &program) == 0
                      : ioctl(tap->fd.fd, TUNATTACHFILTER, &program) == 0;
}

/*
 * Adapt the allowed rate of SYNs: halve it when the queue overflowed in spite of it, and raise it slowly
 * otherwise.
 */
static void adapt(struct shed *shed, int64_t let_in)
{
    if (!shed->late)
        shed->rate += key_syn_rate / RATE_STEP + 1;
    else if (let_in * 2 <= shed->rate * 3)
        shed->rate /= 2;
    if (shed->rate > key_syn_rate)
        shed->rate = key_syn_rate;
    else if (shed->rate < key_syn_rate / RATE_LEAST + 1)
        shed->rate = key_syn_rate / RATE_LEAST + 1;
}

/* Compute the share from the frames that were counted in the time `spent`. */
static uint32_t reckon(struct network_tap *tap, os_time spent)
{
    struct shed *shed = &tap->shed;
    uint64_t share = (uint64_t)tap->syn_share.value, wanted = 1;
    uint64_t let_in = (uint64_t)shed->syns * 1000 / (uint64_t)(spent / MILLISECONDS(1));

    if (shed->syns * share > 2 * (uint64_t)(shed->frames - shed->syns)) {
        adapt(shed, (int64_t)let_in);
        wanted = let_in * share / (uint64_t)shed->rate;
    } else if (share == 1) {
        shed->rate = key_syn_rate;
    }
    /* When a flood pauses, the share is relaxed by half at a time. */
    if (wanted < share / 2)
        wanted = share / 2;
    return wanted < 1 ? 1 : wanted > SHED_MOST ? SHED_MOST : (uint32_t)wanted;
}

static void fire(void *arg)
{
    shed_look(arg, false);
}

INTERNAL void shed_init(struct network_tap *tap)
{
    tap->shed.timer.fire = fire;
    tap->shed.timer.arg = tap;
    tap->shed.since = os_loop_now();
    tap->shed.rate = key_syn_rate;
    tap->syn_share.value = 1;
}

INTERNAL void shed_end(struct network_tap *tap)
{
    os_timer_stop(&tap->shed.timer);
    if (tap->syn_share.value > 1)
        set_filter(tap, 1);
}

INTERNAL void shed_count(struct network_tap *tap, const struct buf *frame)
{
    tap->shed.frames++;
    tap->shed.syns += is_syn(frame);
    if (++tap->shed.backlog == QUEUE)
        tap->shed.late = true;
}

INTERNAL void shed_look(struct network_tap *tap, bool drained)
{
    struct shed *shed = &tap->shed;
    os_time now = os_loop_now(), spent = now - shed->since;

    if (drained)
        shed->backlog = 0;
    int64_t share = tap->syn_share.value;
    if (spent < (share > 1 ? SHED_WINDOW : SHED_PATIENCE) || key_syn_rate == 0)
        return;
    int64_t wanted = reckon(tap, spent);
    shed->since = now;
    shed->frames = shed->syns = 0;
    /* A queue that is still full has overflowed in the new window too. */
    shed->late = shed->backlog >= QUEUE;
    if ((wanted * 4 > share * 5 || wanted * 4 < share * 3) && set_filter(tap, (uint32_t)wanted)) {
        log_debug("%s: of the SYNs, one of %lld is let in", tap->name, (long long)wanted);
        tap->syn_share.value = wanted;
    }
    /* Dropped frames wake nobody, so a timer looks for the end of the flood. */
    if (tap->syn_share.value > 1 && os_timer_set(&shed->timer, now + SHED_WINDOW) != OK && set_filter(tap, 1))
        tap->syn_share.value = 1;
}
