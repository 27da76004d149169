/*
 * Fuzzes the completion of offloads in software. The first bytes of the input are metadata, and the rest is
 * the frame. The segments must carry the whole payload in order, each within gso_size, and nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include <base/packet/packet.h>

#include "../check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf_stats stats;
    if (size < 8)
        return 0;
    size_t len = size - 8, cut = data[7] * (size_t)8, payload = 0, pieces = 0;
    if (cut > len)
        cut = len;
    struct buf *b = buf_append(buf_copy(data + 8, cut), buf_copy(data + 8 + cut, len - cut));
    b->gso = (enum buf_gso)(data[0] & 3);
    b->csum = (data[0] & 4) != 0 ? BUF_CSUM_PARTIAL : BUF_CSUM_UNKNOWN;
    b->gso_size = (uint16_t)(data[1] << 8 | data[2]);
    b->csum_start = (uint16_t)(data[3] << 8 | data[4]);
    b->csum_offset = (uint16_t)(data[5] << 8 | data[6]);

    struct packet_segments s;
    if (b->gso != BUF_GSO_NONE) {
        uint16_t most = b->gso_size;
        if (packet_segments_begin(&s, buf_share(b), true) == OK) {
            size_t head = s.head, whole = len - head;
            struct buf *piece;
            while ((piece = packet_segments_next(&s)) != NULL) {
                size_t n = buf_len(piece) - head;
                uint8_t there[4096];
                CHECK(n <= most && (n > 0 || whole == 0) && n <= sizeof there);
                CHECK(buf_read_copy(piece, head, there, n) == OK &&
                      memcmp(there, data + 8 + head + payload, n) == 0);
                payload += n;
                pieces++;
                buf_free(piece);
            }
            CHECK(payload == whole && pieces > 0);
        }
        packet_segments_end(&s);
    }
    struct packet_finish finish;
    packet_finish_begin(&finish, b, data[0] >> 4);
    while ((b = packet_finish_next(&finish)) != NULL) {
        CHECK(packet_fits(b, data[0] >> 4));
        buf_free(b);
    }
    buf_get_stats(&stats);
    CHECK(stats.views == 0 && stats.pages == 0);
    return 0;
}
