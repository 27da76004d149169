/*
 * Fast Open (RFC 7413), the passive side. A client that shows a valid cookie has been reached at its address
 * before. The application gets the bytes of its SYN at once, and may answer before the handshake is done. A
 * cookie is a hash of both addresses under a key. The key is replaced from time to time; the key before it
 * stays valid for as long again.
 */
#include "private.h"

#include <base/siphash/siphash.h>
#include <base/wire/wire.h>

static const os_time KEY_LIFE = HOURS(12), RESET_COUNTS = SECONDS(60);

enum { COOKIE_LEN = 8 };

INTERNAL void fast_open_start(struct tcp *tcp)
{
    random_fill(tcp->random, tcp->fast_open_keys, sizeof tcp->fast_open_keys);
    tcp->fast_open_key_until = os_now() + KEY_LIFE;
}

/* The key is renewed only when it is needed, so that a host without such clients needs no timer. */
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

/* The cookie is computed as Linux does it, so that hosts which share a key accept each other's cookies. */
static struct fast_open make_cookie(const uint64_t key[2], const struct ends *ends, uint8_t kind)
{
    struct fast_open made = { .kind = kind, .len = COOKIE_LEN };
    uint8_t addresses[32];
    size_t size = ip_is_v4(&ends->remote) ? 4 : 16;
    memcpy(addresses, ends->remote.bytes + 16 - size, size);
    memcpy(addresses + size, ends->local.bytes + 16 - size, size);
    uint64_t hash = siphash_bytes(key, addresses, 2 * size);
    wire_put64_le(made.cookie, hash);
    return made;
}

INTERNAL bool same_cookie(const struct fast_open *a, const struct fast_open *b)
{
    return a->len == b->len && memcmp(a->cookie, b->cookie, a->len) == 0;
}

/* Section 5.1: the number of unfinished handshakes bounds what forged SYNs can cost us. */
static bool too_many(struct tcp *tcp)
{
    if (tcp->fast_open_resets > 0 && tcp->now - tcp->fast_open_reset_at >= RESET_COUNTS)
        tcp->fast_open_resets = 0;
    return tcp->fast_open_pending + tcp->fast_open_resets >= (uint32_t)key_fast_open;
}

/*
 * Whether the SYN's bytes may be taken before the handshake is done. `answer` receives the option for the
 * SYN-ACK, which may be none.
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
 * Put a half-open connection into the queue of those to be accepted, with the bytes of its SYN. Takes the
 * payload. Bytes for which there is no room are not acknowledged.
 */
INTERNAL void fast_open_accept(struct tcp_flow *flow, struct buf *payload)
{
    uint32_t len = min_u32((uint32_t)buf_len(payload), receive_window(flow));
    flow->pending = true;
    flow->tcp->fast_open_pending++;
    flow->snd_una = flow->snd_nxt; /* behind our SYN, which the handshake takes care of */
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

/* The connection is no longer pending: its handshake is done, or it is over. */
INTERNAL void fast_open_finish(struct tcp_flow *flow)
{
    flow->pending = false;
    flow->tcp->fast_open_pending--;
}

/*
 * A host whose address was forged answers with a reset. The reset must not make room for another forged SYN,
 * so the connection is counted for some time longer.
 */
INTERNAL void fast_open_reset(struct tcp *tcp)
{
    tcp->fast_open_resets++;
    tcp->fast_open_reset_at = tcp->now;
}
