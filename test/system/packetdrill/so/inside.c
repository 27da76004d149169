#define MIRAGE_INSTANCE tcp
#include <mirage/main.h>

/* The constants of this instance can be changed while it runs, as sysctl does in Linux. */
#undef MIRAGE_CONSTANT
#define MIRAGE_CONSTANT static __attribute__((unused))
#undef KEY_STRING
#define KEY_STRING(name, value, ...) MIRAGE_CONSTANT char key_##name[16] = MIRAGE_KEY_VALUE(name, value)

/* What is set then is held to the bounds that the key states. */
#undef KEY_INT
#define KEY_INT(name, value, least, most, ...)                                             \
    MIRAGE_CONSTANT int64_t key_##name = MIRAGE_KEY_VALUE(name, value);                    \
    static const __attribute__((unused)) int64_t least_##name = least, most_##name = most; \
    enum { mirage_key_##name = MIRAGE_KEY_VALUE(name, value) }

#include <base/siphash/siphash.h>
#include <string.h>

#include "host.h"

/*
 * Fast Open's cookies are hashes of both addresses. For the stack's address, packetdrill's is hashed, because
 * scripts contain the resulting cookies.
 */
static uint64_t siphash_as_seen(const uint64_t key[2], const void *data, size_t len)
{
    uint8_t seen[32];
    const uint8_t *alias = len == 8 || len == 32 ? host_alias(len == 32) : NULL;
    if (alias == NULL)
        return siphash_bytes(key, data, len);
    memcpy(seen, data, len / 2);
    memcpy(seen + len / 2, alias, len / 2);
    return siphash_bytes(key, seen, len);
}
#define siphash_bytes siphash_as_seen

#include "tcp.c"

#include <sys/uio.h>

#include "inside.h"

static err begin(struct tcp *tcp, const struct endpoint *peer, bool fast, struct buf *first, void **flow)
{
    struct tcp_flow *opened;
    tcp->now = os_now();
    err e = open_begin(tcp, peer, (struct marks){ 0 }, fast, first, &opened);
    if (e == OK)
        *flow = opened;
    else
        buf_free(first);
    return e;
}

err inside_open(void *tcp, const struct endpoint *peer, void **flow)
{
    return begin(tcp, peer, false, NULL, flow);
}

err inside_open_with(void *tcp, const struct endpoint *peer, struct buf *first, void **flow)
{
    return begin(tcp, peer, true, first, flow);
}

uint32_t inside_fast_open_room(void *tcp, const struct endpoint *peer)
{
    struct tcp *of = tcp;
    struct fast_open option;
    uint32_t room;
    of->now = os_now();
    return fast_open_known(of, &peer->addr, peer->port, &option, &room) ? room : 0;
}

err inside_wait_open(void *flow)
{
    struct tcp_flow *f = flow;
    while (f->opening && f->state != STATE_CLOSED)
        TRY(os_wait(&f->writers));
    return OK;
}

bool inside_is_open(const void *flow)
{
    const struct tcp_flow *f = flow;
    return !f->opening || f->state == STATE_CLOSED;
}

bool inside_is_closed(const void *flow)
{
    return ((const struct tcp_flow *)flow)->state == STATE_CLOSED;
}

bool inside_end_of_input(const void *flow)
{
    const struct tcp_flow *f = flow;
    return f->received == NULL && (f->fin_received || f->state == STATE_CLOSED);
}

size_t inside_readable(const void *flow)
{
    return ((const struct tcp_flow *)flow)->rcv_queued;
}

size_t inside_queued(const void *flow)
{
    return ((const struct tcp_flow *)flow)->snd_queued;
}

size_t inside_unsent(const void *flow)
{
    return flow_unsent(flow);
}

uint32_t inside_acknowledged(const void *flow)
{
    const struct tcp_flow *f = flow;
    return f->snd_una - f->iss - 1 - (f->fin_sent && f->snd_una == f->snd_nxt);
}

uint32_t inside_sent(const void *flow)
{
    const struct tcp_flow *f = flow;
    return f->snd_nxt - f->iss - 1 - f->fin_sent;
}

uint32_t inside_received(const void *flow)
{
    return ((const struct tcp_flow *)flow)->rcv_nxt;
}

err inside_wait_output(void *flow)
{
    return os_wait(&((struct tcp_flow *)flow)->writers);
}

bool inside_fin_received(const void *flow)
{
    return ((const struct tcp_flow *)flow)->fin_received;
}

bool inside_window_full(const void *flow)
{
    const struct tcp_flow *f = flow;
    uint32_t unsent = flow_unsent(f);
    return unsent > 0 && sent_flight(f) < f->cwnd &&
           seq_after(f->snd_nxt + min_u32(unsent, f->mss), f->snd_una + f->snd_wnd);
}

/* Whole segments, with at most 64 kB and at most half of the largest window that the peer has offered. */
uint32_t inside_chunk(const void *flow)
{
    const struct tcp_flow *f = flow;
    uint32_t most = 65535 - 320, half = f->snd_max_wnd > 536 ? f->snd_max_wnd / 2 : f->snd_max_wnd;
    if (half > 0 && half < most)
        most = half;
    return max_u32(most / f->mss * f->mss, f->mss);
}

uint32_t inside_cwnd(const void *flow)
{
    const struct tcp_flow *f = flow;
    return f->cwnd / f->mss;
}

bool inside_acceptable(const void *listener, bool with_data)
{
    const struct tcp_flow *first = ((const struct tcp_listener *)listener)->ready.flows.first;
    return first != NULL &&
           (!with_data || first->received != NULL || first->fin_received || first->state == STATE_CLOSED);
}

bool inside_shut(const void *flow)
{
    return ((const struct tcp_flow *)flow)->shut;
}

err inside_error(const void *flow)
{
    return ((const struct tcp_flow *)flow)->error;
}

err inside_wait_input(void *flow)
{
    struct tcp_flow *f = flow;
    if (f->reading)
        return ERR_BUSY;
    f->reading = true;
    err e = os_wait(&f->readers);
    if (e == ERR_CLOSED)
        return e; /* the flow is freed, too */
    f->reading = false;
    return e;
}

static size_t scatter(const struct buf *from, const struct iovec *iov, int count, size_t len)
{
    size_t done = 0;
    for (int i = 0; i < count && done < len; i++) {
        size_t n = len - done < iov[i].iov_len ? len - done : iov[i].iov_len;
        if (buf_read_copy(from, done, iov[i].iov_base, n) != OK)
            break;
        done += n;
    }
    return done;
}

size_t inside_read(void *flow, const struct iovec *iov, int count, size_t len, bool peek)
{
    struct tcp_flow *f = flow;
    if (len > f->rcv_queued)
        len = f->rcv_queued;
    if (len == 0)
        return 0;
    if (iov != NULL)
        len = scatter(f->received, iov, count, len);
    if (peek)
        return len;
    f->received = buf_advance(f->received, len);
    f->received_last = f->received;
    while (f->received_last != NULL && f->received_last->next != NULL)
        f->received_last = f->received_last->next;
    f->tcp->now = os_now();
    uint64_t pinned = f->received != NULL ? buf_pinned(f->received) : 0;
    f->tcp->memory -= f->rcv_pinned - pinned;
    f->rcv_pinned = pinned;
    f->rcv_queued -= (uint32_t)len;
    receive_made_room(f);
    if (f->ack_need == ACK_NOW && f->state != STATE_CLOSED)
        flush_later(f);
    return len;
}

#include "inside_info.c"
#include "inside_report.c"

/* name in Linux, what it stands for here, and how many of ours one of Linux's is */
#define SWITCHES(X)                 \
    X("tcp_sack", sack)             \
    X("tcp_timestamps", timestamps) \
    X("tcp_syncookies", syn_cookies)

#define NUMBERS(X)                                        \
    X("tcp_ecn", ecn, 1)                                  \
    X("tcp_syn_retries", syn_retries, 1)                  \
    X("tcp_synack_retries", synack_retries, 1)            \
    X("tcp_fin_timeout", fin_wait_2_ms, 1000)             \
    X("tcp_keepalive_intvl", keepalive_interval_ms, 1000) \
    X("tcp_keepalive_probes", keepalive_probes, 1)        \
    X("tcp_max_orphans", orphans_max, 1)                  \
    X("tcp_max_tw_buckets", time_wait_max, 1)             \
    X("tcp_max_syn_backlog", syn_backlog, 1)              \
    X("fast_open", fast_open, 1)                          \
    X("receive_buffer", receive_buffer, 1)                \
    X("receive_buffer_max", receive_buffer_max, 1)        \
    X("send_buffer", send_buffer, 1)                      \
    X("send_buffer_max", send_buffer_max, 1)              \
    X("initial_window", initial_window, 1)                \
    X("mss_max", mss_max, 1)                              \
    X("window_scale", window_scale, 1)

static int64_t bounded(int64_t value, int64_t factor, int64_t least, int64_t most)
{
    int64_t ours;
    if (__builtin_mul_overflow(value, factor, &ours))
        return value < 0 ? least : most;
    return ours < least ? least : ours > most ? most : ours;
}

bool inside_set(const char *name, int64_t value)
{
#define SWITCH(text, key)          \
    if (strcmp(name, text) == 0) { \
        key_##key = value != 0;    \
        return true;               \
    }
#define NUMBER(text, key, factor)                                    \
    if (strcmp(name, text) == 0) {                                   \
        key_##key = bounded(value, factor, least_##key, most_##key); \
        return true;                                                 \
    }
    SWITCHES(SWITCH)
    NUMBERS(NUMBER)
    return false;
}

void inside_set_fast_open_keys(void *tcp, const uint8_t keys[32])
{
    struct tcp *of = tcp;
    memcpy(of->fast_open_keys, keys, sizeof of->fast_open_keys);
    of->fast_open_key_until = OS_NEVER;
}

bool inside_set_congestion(const char *name)
{
    bool reno = strcmp(name, "reno") == 0;
    if (!reno && strcmp(name, "cubic") != 0)
        return false;
    strcpy(key_congestion, reno ? "newreno" : "cubic");
    return true;
}

const char *inside_congestion(void)
{
    return strcmp(key_congestion, "newreno") == 0 ? "reno" : "cubic";
}

int64_t inside_receive_buffer(void)
{
    return key_receive_buffer;
}

void inside_set_receive_buffer(void *flow, uint32_t bytes)
{
    ((struct tcp_flow *)flow)->rcv_buffer = bytes;
}

void inside_set_user_timeout(void *flow, uint32_t ms)
{
    struct tcp_flow *f = flow;
    f->user_timeout = ms != 0 ? ms : (uint32_t)key_user_timeout_ms;
    retransmit_rearm(f);
}

void inside_set_keepalive(void *flow, uint32_t interval, uint32_t probes)
{
    struct tcp_flow *f = flow;
    if (interval != 0)
        f->keepalive_interval = interval * 1000;
    if (probes != 0)
        f->keepalive_limit = (uint8_t)probes;
}

void inside_set_handshake(void *flow, uint32_t retries)
{
    struct tcp_flow *f = flow;
    if (retries != 0 && f->state == STATE_SYN_SENT)
        f->handshake_limit = (uint8_t)retries;
}

void inside_set_mss(void *flow, uint16_t mss)
{
    struct tcp_flow *f = flow;
    if (mss < f->mss)
        f->mss = mss;
}

void inside_set_quick_ack(void *flow, bool on)
{
    ((struct tcp_flow *)flow)->quick_acks = on ? 16 : 0;
}

uint32_t inside_mss(const void *flow)
{
    return ((const struct tcp_flow *)flow)->mss;
}
