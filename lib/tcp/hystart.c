/*
 * HyStart++ (RFC 9406): leave the first slow start before it loses packets. A round trip that grows tells
 * that a queue fills. The window then grows more slowly for some rounds, and slow start ends, unless the
 * round trip falls again. The limit of eight segments for each acknowledgement (section 4.2) is left out:
 * one acknowledgement of a peer with large receive covers many segments here.
 */
#include "private.h"

enum {
    LEAST_RISE = 4000, /* microseconds, like the times of the state */
    MOST_RISE = 16000,
    RISE_DIVISOR = 8,
    SAMPLES = 8,
    GROWTH_DIVISOR = 4,
    ROUNDS = 5,
    NO_TIME = UINT32_MAX,
};

INTERNAL void hystart_begin(struct tcp_flow *flow)
{
    flow->hystart.end = flow->snd_nxt;
    flow->hystart.least = flow->hystart.least_before = NO_TIME;
    flow->hystart.samples = flow->hystart.rounds = 0;
    flow->hystart.slow = false;
}

/* A round trip was measured. */
INTERNAL void hystart_sample(struct tcp_flow *flow, os_time rtt)
{
    os_time micros = rtt / MICROSECONDS(1);
    if (micros < flow->hystart.least)
        flow->hystart.least = (uint32_t)micros;
    if (flow->hystart.samples < SAMPLES)
        flow->hystart.samples++;
}

/*
 * What was sent in the last round is acknowledged. One of few samples is nothing to compare with: the first
 * of them are the handshake's and that of the first segment.
 */
static void begin_round(struct tcp_flow *flow)
{
    flow->hystart.least_before = flow->hystart.samples >= SAMPLES ? flow->hystart.least : NO_TIME;
    flow->hystart.least = NO_TIME;
    flow->hystart.samples = 0;
    flow->hystart.end = flow->snd_nxt;
    if (flow->hystart.slow && ++flow->hystart.rounds >= ROUNDS)
        flow->ssthresh = flow->cwnd;
}

/* Section 4.2: whether the window grows slowly, as soon as the round has samples enough to tell. */
static void judge(struct tcp_flow *flow)
{
    uint32_t before = flow->hystart.least_before;
    if (flow->hystart.samples < SAMPLES)
        return;
    if (flow->hystart.slow) {
        flow->hystart.slow = flow->hystart.least >= flow->hystart.baseline;
        return;
    }
    uint32_t rise = max_u32(LEAST_RISE, min_u32(before / RISE_DIVISOR, MOST_RISE));
    if (before == NO_TIME || flow->hystart.least < before + rise)
        return;
    flow->hystart.slow = true;
    flow->hystart.baseline = flow->hystart.least;
    flow->hystart.rounds = 0;
}

/* Returns how much the window may grow in the first slow start for so many bytes acknowledged. */
INTERNAL uint32_t hystart_growth(struct tcp_flow *flow, uint32_t bytes)
{
    uint32_t growth = flow->hystart.slow ? bytes / GROWTH_DIVISOR : bytes;
    if (!seq_before(flow->snd_una, flow->hystart.end))
        begin_round(flow);
    judge(flow);
    return growth;
}
