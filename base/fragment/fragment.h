/*
 * Cutting an IPv4 packet into fragments (RFC 791, section 2.3). Payload is shared, not copied. Nothing here
 * suspends.
 *
 *     struct fragments f;
 *     err e = fragments_begin(&f, packet, mtu);
 *     while (e == OK && (e = fragments_next(&f, &fragment)) == OK)
 *         … send it
 *     fragments_end(&f);
 */
#ifndef BASE_FRAGMENT_H
#define BASE_FRAGMENT_H

#include <mirage/buf.h>
#include <base/wire/ipv4.h>

/* A packet that is being cut. The caller does not read its fields. */
struct fragments {
    struct buf *packet;
    size_t at, len, mtu;
    uint8_t headers[2][IPV4_HEADER_MAX]; /* of the first fragment, and of the others */
    size_t header_lens[2];
    uint16_t flags;
};

/*
 * Begin to cut a packet into fragments of at most `mtu` bytes, no less than IPV4_MTU_MIN. The packet is not a
 * fragment. Its header lies in its first view, and the lengths of its options have been checked. Takes the
 * packet on success and on error. ERR_NO_MEMORY.
 */
err fragments_begin(struct fragments *f, struct buf *packet, size_t mtu);

/*
 * The next fragment, which becomes the caller's. All have the packet's identification and its flag that
 * forbids more cutting; the later ones have only the options that are copied. ERR_END after the last,
 * ERR_NO_MEMORY.
 */
err fragments_next(struct fragments *f, struct buf **out);

/* Free the packet. It does nothing the second time, nor after fragments_begin has failed. */
void fragments_end(struct fragments *f);

#endif
