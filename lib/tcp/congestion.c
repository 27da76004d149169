/*
 * How large the congestion window is: slow start and congestion avoidance by CUBIC (RFC 9438) or
 * NewReno (RFC 5681), as the key says. Windows are bytes; CUBIC's arithmetic is in integers, so that
 * it needs no floating point at boot.
 */
#include "private.h"

static bool is_cubic(void)
{
    return strcmp(key_congestion, "newreno") != 0;
}

/* RFC 6928, section 2. The key initial_window takes the place of its constant 10. */
static uint32_t initial_cwnd(const struct tcp_flow *flow)
{
    uint32_t n = (uint32_t)key_initial_window, mss = flow->mss;
    return min_u32(n * mss, max_u32(2 * mss, n * 1460));
}

INTERNAL void congestion_init(struct tcp_flow *flow)
{
    flow->cwnd = initial_cwnd(flow);
    flow->ssthresh = UINT32_MAX;
    hystart_begin(flow);
}

/* The largest r with r^3 <= x. */
INTERNAL uint32_t cube_root(uint64_t x)
{
    uint64_t r = 0;
    for (int bit = 20; bit >= 0; bit--) {
        uint64_t next = r | (uint64_t)1 << bit;
        if (next * next * next <= x)
            r = next;
    }
    return (uint32_t)r;
}

/*
 * RFC 9438, sections 4.6 and 4.7: the window is multiplied by 0.7. Fast convergence leaves room for other
 * connections.
 */
static uint32_t cubic_reduced(struct tcp_flow *flow)
{
    uint32_t window = flow->cwnd;
    flow->cubic.w_max = window < flow->cubic.w_max ? (uint32_t)((uint64_t)window * 17 / 20) : window;
    flow->cubic.cwnd_prior = window;
    flow->cubic.epoch = 0;
    return (uint32_t)((uint64_t)window * 7 / 10);
}

/* Returns the slow start threshold after a loss. The caller sets the window. */
INTERNAL uint32_t congestion_reduced(struct tcp_flow *flow)
{
    uint32_t flight = flow->snd_nxt - flow->snd_una;
    uint32_t reduced = is_cubic() ? cubic_reduced(flow) : min_u32(flight, flow->cwnd) / 2;
    return max_u32(reduced, 2u * flow->mss);
}

static void cubic_begin_epoch(struct tcp_flow *flow)
{
    uint32_t cwnd = flow->cwnd;
    flow->cubic.epoch = flow->tcp->now;
    flow->cubic.w_est = cwnd;
    flow->cubic.est_acked = 0;
    if (flow->cubic.w_max <= cwnd) {
        flow->cubic.w_max = cwnd;
        flow->cubic.k_ms = 0;
        return;
    }
    /* K = cbrt((W_max - cwnd) / C) seconds with windows in segments and C = 0.4: figure 2. */
    uint64_t segments_1000 = (uint64_t)(flow->cubic.w_max - cwnd) * 1000 / flow->mss;
    flow->cubic.k_ms = cube_root(segments_1000 * 2500000);
}

/* W_cubic(t) = C * (t - K)^3 + W_max, in bytes, at most 1.5 windows: section 4.2. */
static uint32_t cubic_target(const struct tcp_flow *flow)
{
    int64_t t = (flow->tcp->now + flow->srtt - flow->cubic.epoch) / MILLISECONDS(1);
    int64_t d = t - flow->cubic.k_ms;
    if (d > 100000)
        d = 100000;
    if (d < -100000)
        d = -100000;
    /* 0.4 * (d / 1000)^3 segments; the cube of 10^5 times a large segment still fits. */
    int64_t bytes = d * d * d / 1000 * flow->mss / 2500000;
    int64_t target = (int64_t)flow->cubic.w_max + bytes, most = (int64_t)flow->cwnd * 3 / 2;
    if (target < flow->cwnd)
        return flow->cwnd;
    return (uint32_t)(target > most ? most : target);
}

/*
 * Section 4.3: the window that Reno would have by now. Alpha is 9/17, and 1 once the old window is reached.
 */
static void cubic_estimate(struct tcp_flow *flow, uint32_t bytes)
{
    uint64_t alpha_17 = flow->cubic.w_est < flow->cubic.cwnd_prior ? 9 : 17;
    flow->cubic.est_acked += bytes;
    uint64_t grown = alpha_17 * flow->cubic.est_acked * flow->mss / flow->cwnd / 17;
    if (grown > 0) {
        flow->cubic.w_est += (uint32_t)grown;
        flow->cubic.est_acked = 0;
    }
}

static uint32_t cubic_increase(struct tcp_flow *flow, uint32_t bytes)
{
    if (flow->cubic.epoch == 0)
        cubic_begin_epoch(flow);
    cubic_estimate(flow, bytes);
    uint32_t target = cubic_target(flow);
    if (target < flow->cubic.w_est)
        return flow->cubic.w_est > flow->cwnd ? flow->cubic.w_est - flow->cwnd : 0;
    uint64_t increase = (uint64_t)(target - flow->cwnd) * bytes / flow->cwnd;
    return (uint32_t)increase;
}

/*
 * RFC 5681, section 3.1, with appropriate byte counting (RFC 3465): the window grows by one segment for each
 * window of acknowledged bytes.
 */
static uint32_t reno_increase(struct tcp_flow *flow, uint32_t bytes)
{
    flow->cwnd_acked += bytes;
    if (flow->cwnd_acked < flow->cwnd)
        return 0;
    flow->cwnd_acked -= flow->cwnd;
    return flow->mss;
}

/*
 * `bytes` were acknowledged outside of a recovery. A window that the application does not fill is not
 * validated and does not grow (RFC 7661). In slow start it may still grow to twice what was in flight.
 */
INTERNAL void congestion_acked(struct tcp_flow *flow, uint32_t bytes)
{
    enum { CWND_MOST = 1 << 30 };
    bool slow_start = flow->cwnd < flow->ssthresh;
    if ((flow->app_limited && !(slow_start && flow->cwnd < 2 * flow->usage)) || flow->cwnd >= CWND_MOST)
        return;
    if (flow->ssthresh == UINT32_MAX) {
        flow->cwnd += hystart_growth(flow, bytes);
        return;
    }
    if (slow_start) {
        uint32_t room = flow->ssthresh - flow->cwnd, used = min_u32(bytes, room);
        flow->cwnd += used;
        bytes -= used;
        if (bytes == 0)
            return;
    }
    flow->cwnd += is_cubic() ? cubic_increase(flow, bytes) : reno_increase(flow, bytes);
}

/* RFC 5681, section 4.1: after a pause the window no longer says anything about the path. */
INTERNAL void congestion_idle(struct tcp_flow *flow)
{
    uint32_t initial = initial_cwnd(flow);
    if (flow->tcp->now - flow->last_sent <= flow->rto || flow->cwnd <= initial || flow->last_sent == 0)
        return;
    flow->ssthresh = max_u32(flow->ssthresh, flow->cwnd / 4 * 3);
    flow->cwnd = initial;
    flow->cubic.epoch = 0;
}
