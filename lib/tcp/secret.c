/*
 * What outsiders must not be able to guess: SipHash-2-4 (Aumasson and Bernstein, 2012) under a
 * key drawn at connect, initial sequence numbers (RFC 6528), time stamp offsets (RFC 7323,
 * section 7.1), and the place of a connection in the table.
 */
#include "private.h"

static uint64_t rotated(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotated(v[1], 13) ^ v[0];
    v[3] = rotated(v[3], 16) ^ v[2];
    v[0] = rotated(v[0], 32) + v[3];
    v[2] += v[1];
    v[1] = rotated(v[1], 17) ^ v[2];
    v[3] = rotated(v[3], 21) ^ v[0];
    v[2] = rotated(v[2], 32);
}

static uint64_t get64_le(const uint8_t *p, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

INTERNAL uint64_t siphash(const uint64_t key[2], const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                      key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
    size_t left = len;
    for (; left >= 8; left -= 8, p += 8)
        sip_word(v, get64_le(p, 8));
    sip_word(v, get64_le(p, left) | (uint64_t)(len & 0xff) << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The four numbers and what they are hashed for, without padding. */
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
    return siphash(tcp->key, &h, sizeof h);
}

/*
 * RFC 6528: a clock of 4 microseconds plus a secret function of the connection. The offset
 * makes numbers unguessable; the clock keeps a new incarnation's above those of the old.
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
 * For the table: NH of UMAC (RFC 4418, section 5.2.2), which is universal: who does not know the
 * key cannot make connections fall into one bucket, at a fifth of what SipHash costs.
 */
INTERNAL uint32_t ends_hash(const struct tcp *tcp, const struct ends *ends)
{
    const uint32_t *k = tcp->table_key;
    uint64_t sum = (uint64_t)(uint32_t)(((uint32_t)ends->local_port << 16 | ends->remote_port) + k[8]) * k[9];
    for (int i = 0; i < 4; i++)
        sum += (uint64_t)(uint32_t)(ends->local.words[i] + k[2 * i]) * (uint32_t)(ends->remote.words[i] + k[2 * i + 1]);
    return (uint32_t)(sum >> 32) ^ (uint32_t)sum;
}
