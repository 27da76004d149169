/*
 * Values that outsiders must not be able to guess, made with SipHash under a key that is drawn at connect:
 * initial sequence numbers (RFC 6528), time stamp offsets (RFC 7323, section 7.1), and a connection's bucket
 * in the table.
 */
#include "private.h"

#include <base/siphash/siphash.h>

/* The four-tuple and the purpose of the hash, without padding. */
struct hashed_ends {
    uint8_t addresses[32];
    uint16_t ports[2];
    uint32_t purpose;
};

static uint64_t hash_for(const struct tcp *tcp, const struct ends *ends, uint32_t purpose)
{
    struct hashed_ends h = { .ports = { ends->local_port, ends->remote_port }, .purpose = purpose };
    memcpy(h.addresses, ends->local.bytes, 16);
    memcpy(h.addresses + 16, ends->remote.bytes, 16);
    return siphash_bytes(tcp->key, &h, sizeof h);
}

/*
 * RFC 6528: a clock that ticks every 4 microseconds, plus a secret function of the four-tuple. The secret
 * makes the numbers unguessable. The clock keeps the numbers of a new incarnation above those of the old one.
 */
INTERNAL uint32_t isn_make(const struct tcp *tcp, const struct ends *ends, os_time now)
{
    return (uint32_t)(now / MICROSECONDS(4)) + (uint32_t)hash_for(tcp, ends, 1);
}

INTERNAL uint32_t timestamp_offset(const struct tcp *tcp, const struct ends *ends)
{
    return (uint32_t)hash_for(tcp, ends, 2);
}

/*
 * The table's hash is NH of UMAC (RFC 4418, section 5.2.2), a universal hash: without the key nobody can make
 * connections fall into one bucket. It costs a fifth of SipHash.
 */
INTERNAL uint32_t ends_hash(const struct tcp *tcp, const struct ends *ends)
{
    const uint32_t *k = tcp->table_key;
    uint64_t sum = (uint64_t)(uint32_t)(((uint32_t)ends->local_port << 16 | ends->remote_port) + k[8]) * k[9];
    for (int i = 0; i < 4; i++)
        sum += (uint64_t)(uint32_t)(ends->local.words[i] + k[2 * i]) *
               (uint32_t)(ends->remote.words[i] + k[2 * i + 1]);
    return (uint32_t)(sum >> 32) ^ (uint32_t)sum;
}
