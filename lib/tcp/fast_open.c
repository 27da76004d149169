/*
 * Fast Open (RFC 7413), the passive side. Who shows a cookie of ours has been at its address before: the
 * bytes of its SYN are the application's at once, and its answer does not wait for the handshake either. A
 * cookie is a hash of both addresses, under a key that is replaced in time; the key before it is good for as
 * long again.
 */
#include "private.h"

#include <base/siphash/siphash.h>

static const os_time KEY_LIFE = HOURS(12), RESET_COUNTS = SECONDS(60);

enum { COOKIE_LEN = 8 };

INTERNAL void fast_open_start(struct tcp *tcp)
{
    random_fill(tcp->random, tcp->fast_open_keys, sizeof tcp->fast_open_keys);
    tcp->fast_open_key_until = os_now() + KEY_LIFE;
}

/* When it is wanted, so that who has no such clients needs no timer. */
static void renew_key(struct tcp *tcp)
{
    os_time late = tcp->now - tcp->fast_open_key_until;
    if (late < 0)
        return;
    if (late >= KEY_LIFE) {
        fast_open_start(tcp);
        return;
    }
    memcpy(tcp->fast_open_keys[1], tcp->fast_open_keys[0], sizeof tcp->fast_open_keys[0]);
    random_fill(tcp->random, tcp->fast_open_keys[0], sizeof tcp->fast_open_keys[0]);
    tcp->fast_open_key_until = tcp->now + KEY_LIFE;
}

/* As Linux makes it: hosts that share a key take each other's. */
static struct fast_open make_cookie(const uint64_t key[2], const struct ends *ends, uint8_t kind)
{
    struct fast_open made = { .kind = kind, .len = COOKIE_LEN };
    uint8_t addresses[32];
    size_t size = ip_is_v4(&ends->remote) ? 4 : 16;
    memcpy(addresses, ends->remote.bytes + 16 - size, size);
    memcpy(addresses + size, ends->local.bytes + 16 - size, size);
    uint64_t hash = siphash_bytes(key, addresses, 2 * size);
    for (int i = 0; i < COOKIE_LEN; i++)
        made.cookie[i] = (uint8_t)(hash >> 8 * i);
    return made;
}

static bool same_cookie(const struct fast_open *a, const struct fast_open *b)
{
    return a->len == b->len && memcmp(a->cookie, b->cookie, a->len) == 0;
}

/* Section 5.1: what forged SYNs can make of us is bounded by those that have not finished. */
static bool too_many(struct tcp *tcp)
{
    if (tcp->fast_open_resets > 0 && tcp->now - tcp->fast_open_reset_at >= RESET_COUNTS)
        tcp->fast_open_resets = 0;
    return tcp->fast_open_pending + tcp->fast_open_resets >= (uint32_t)key_fast_open;
}

/*
 * Whether the SYN's bytes may be taken before the handshake is done; `answer` is the SYN-ACK's option,
 * perhaps none.
 */
INTERNAL bool fast_open_allowed(struct tcp *tcp, const struct ends *ends, const struct segment *syn,
                                struct fast_open *answer)
{
    const struct fast_open *asked = &syn->fast_open;
    if (asked->kind == 0)
        return false;
    if (too_many(tcp)) {
        COUNT(tcp, fast_open_limited);
        return false;
    }
    renew_key(tcp);
    struct fast_open fresh = make_cookie(tcp->fast_open_keys[0], ends, asked->kind);
    if (same_cookie(asked, &fresh)) {
        COUNT(tcp, fast_open_good);
        return true;
    }
    *answer = fresh;
    COUNT(tcp, fast_open_given);
    if (asked->len == 0)
        return false;
    fresh = make_cookie(tcp->fast_open_keys[1], ends, asked->kind);
    if (same_cookie(asked, &fresh)) {
        COUNT(tcp, fast_open_good);
        return true;
    }
    COUNT(tcp, fast_open_bad);
    return false;
}

/*
 * A half-open connection goes to be accepted with what its SYN bore. Takes the payload; what has no room is
 * not acknowledged.
 */
INTERNAL void fast_open_accept(struct tcp_flow *flow, struct buf *payload)
{
    uint32_t len = min_u32((uint32_t)buf_len(payload), receive_window(flow));
    flow->pending = true;
    flow->tcp->fast_open_pending++;
    flow->snd_una = flow->snd_nxt; /* behind our SYN, whose number is the handshake's affair */
    flow_ready(flow);
    if (len > 0) {
        buf_truncate(payload, len);
        receive_append(flow, payload, len);
        flow->rcv_adv = flow->rcv_nxt;
        flow->syn_data = true;
    } else {
        buf_free(payload);
    }
    listen_established(flow);
}

/* The handshake is done, or the connection is over. */
INTERNAL void fast_open_finish(struct tcp_flow *flow)
{
    flow->pending = false;
    flow->tcp->fast_open_pending--;
}

/*
 * Whose address was forged says so with a reset. That must not make room for the next: it counts for a while
 * yet.
 */
INTERNAL void fast_open_reset(struct tcp *tcp)
{
    tcp->fast_open_resets++;
    tcp->fast_open_reset_at = tcp->now;
}
