/*
 * blast INTERFACE BYTES SEGMENT SECONDS sends TCP frames with BYTES of payload from memory through a packet
 * socket.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

static const unsigned char head[54] = { 2,    0, 0,  0, 0,    2,    2,    0, 0,    0, 0, 1, 8,  0,
                                        0x45, 0, 0,  0, 0,    1,    0x40, 0, 64,   6, 0, 0, 10, 9,
                                        0,    1, 10, 9, 0,    2,    0x10, 0, 0x20, 0, 0, 0, 0,  1,
                                        0,    0, 0,  1, 0x50, 0x10, 1,    0, 0,    0, 0, 0 };
static unsigned char frame[70000];

int main(int argc, char **argv)
{
    struct sockaddr_ll to = { .sll_family = AF_PACKET };
    struct timespec now, begin;
    int one = 1, fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (argc != 5 || fd < 0)
        return 2;
    unsigned bytes = (unsigned)atoi(argv[2]), segment = (unsigned)atoi(argv[3]);
    struct virtio_net_hdr h = { 0 };
    if (segment > 0)
        h = (struct virtio_net_hdr){ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                     .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                                     .hdr_len = 54,
                                     .gso_size = (unsigned short)segment,
                                     .csum_start = 34,
                                     .csum_offset = 16 };
    memcpy(frame, head, sizeof head);
    frame[16] = (unsigned char)((bytes + 40) >> 8);
    frame[17] = (unsigned char)(bytes + 40);
    to.sll_ifindex = (int)if_nametoindex(argv[1]);
    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one);
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        struct iovec vector[2] = { { &h, sizeof h }, { frame, sizeof head + bytes } };
        for (int i = 0; i < 64; i++)
            if (writev(fd, vector, 2) < 0)
                i--; /* the interface's queue is full */
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begin.tv_sec < atoi(argv[4]));
    return 0;
}
