/*
 * SYN cookies (RFC 4987, section 3.6). When the backlog is full, the state of a half-open connection travels
 * in the SYN-ACK and comes back in the ACK.
 *
 * The initial sequence number holds 5 bits of a clock that ticks every 64 s, 3 bits of MSS, and 24 bits of a
 * keyed hash over the four-tuple, the client's sequence number and the rest of the cookie. When time stamps
 * are used, the low 6 bits of ours carry the window scale (15: none), SACK and ECN.
 */
#include "private.h"

#include <base/siphash/siphash.h>

static const uint16_t cookie_mss[8] = { 216, 536, 1220, 1300, 1420, 1440, 1460, 8940 };

enum { COOKIE_AGE = 2 }; /* for how many ticks of the clock a cookie is valid: at least 64 s */

static uint32_t cookie_tick(os_time now)
{
    return (uint32_t)(now / SECONDS(64));
}

static uint32_t cookie_hash(const struct tcp *tcp, const struct ends *ends, uint32_t irs, uint32_t tick,
                            uint32_t said)
{
    struct {
        uint8_t addresses[32];
        uint16_t ports[2];
        uint32_t irs, tick, said;
    } h = { .ports = { ends->local_port, ends->remote_port }, .irs = irs, .tick = tick, .said = said };
    memcpy(h.addresses, ends->local.bytes, 16);
    memcpy(h.addresses + 16, ends->remote.bytes, 16);
    return (uint32_t)(siphash_bytes(tcp->key, &h, sizeof h) >> 40);
}

static uint32_t option_bits(const struct segment *syn)
{
    return (syn->has_scale ? syn->scale : 15) | (syn->sack_permitted ? 16 : 0) |
           ((syn->flags & (ECE | CWR)) == (ECE | CWR) ? 32 : 0);
}

/*
 * Returns the sequence number for the SYN-ACK. `tsval_bits` receives the low bits for its time stamp, in case
 * the SYN had one.
 */
INTERNAL uint32_t cookie_make(const struct tcp *tcp, const struct ends *ends, const struct segment *syn,
                              uint32_t *tsval_bits, os_time now)
{
    uint32_t tick = cookie_tick(now), index = 7;
    uint16_t mss = syn->mss ? syn->mss : ip_is_v4(&ends->remote) ? MSS_V4 : MSS_V6;
    while (index > 0 && cookie_mss[index] > mss)
        index--;
    *tsval_bits = option_bits(syn);
    uint32_t said = index | (syn->has_timestamp ? *tsval_bits << 3 | 512 : 0);
    return (tick & 31) << 27 | index << 24 | cookie_hash(tcp, ends, syn->seq, tick, said);
}

/* Whether the ACK carries a valid cookie. If so, `syn` receives what the SYN had said. */
INTERNAL bool cookie_check(const struct tcp *tcp, const struct ends *ends, const struct segment *ack,
                           struct segment *syn, os_time now)
{
    uint32_t cookie = ack->ack - 1, index = cookie >> 24 & 7;
    uint32_t tick = cookie_tick(now), age = (tick - (cookie >> 27)) & 31;
    uint32_t bits = ack->tsecr - timestamp_offset(tcp, ends);
    uint32_t said = index | (ack->has_timestamp ? (bits & 63) << 3 | 512 : 0);
    if (age >= COOKIE_AGE || cookie_hash(tcp, ends, ack->seq - 1, tick - age, said) != (cookie & 0xffffff))
        return false;
    *syn = (struct segment){
        .seq = ack->seq - 1, .flags = SYN, .mss = cookie_mss[index], .window = ack->window
    };
    if (ack->has_timestamp) {
        syn->has_timestamp = true;
        syn->tsval = ack->tsval;
        syn->has_scale = (bits & 15) != 15;
        syn->scale = syn->has_scale ? bits & 15 : 0;
        syn->sack_permitted = bits & 16;
        syn->flags |= bits & 32 ? ECE | CWR : 0;
    }
    return true;
}
