/*
 * Sends TCP segments to one port as fast as possible, for the tests of attacks. flood --help lists the
 * options. Sources and numbers are random, unless one source is given. Checksums are right.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, SIZE = 14 + 20 + 20 };

struct flood {
    const char *interface;
    uint8_t mac[6];
    uint32_t to, from; /* in network order; from 0 stands for any of 10.128.0.0/9 */
    uint16_t port, from_port;
    uint8_t flags;
    uint64_t count;
    double seconds, rate;
};

static volatile sig_atomic_t ended;
static uint64_t random_state = 88172645463325252u;

static uint64_t draw(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i += 2)
        sum += (uint32_t)(data[i] << 8 | data[i + 1]);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

static void make(const struct flood *f, uint8_t *frame)
{
    uint8_t *ip = frame + 14, *tcp = ip + 20;
    uint64_t r = draw();
    uint32_t from = f->from != 0 ? f->from : htonl(0x0a800000 | (uint32_t)(r & 0x7fffff));

    memset(frame, 0, SIZE);
    memcpy(frame, f->mac, 6);
    frame[6] = 2;
    frame[11] = 9;
    put16(frame + 12, ETHERTYPE_IP);
    ip[0] = 0x45;
    put16(ip + 2, 40);
    put16(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, &from, 4);
    memcpy(ip + 16, &f->to, 4);
    put16(ip + 10, checksum(ip, 20, 0));
    put16(tcp, f->from_port != 0 ? f->from_port : (uint16_t)(1024 + (r >> 23) % 60000));
    put16(tcp + 2, f->port);
    put32(tcp + 4, (uint32_t)draw());
    put32(tcp + 8, (f->flags & 0x10) != 0 ? (uint32_t)draw() : 0);
    tcp[12] = 0x50;
    tcp[13] = f->flags;
    put16(tcp + 14, 65535);
    put16(tcp + 16, checksum(ip + 12, 28, 6 + 20));
}

static void end_now(int number)
{
    (void)number;
    ended = 1;
}

static void usage(void)
{
    printf("flood --interface=NAME --mac=ADDRESS --to=ADDRESS --port=PORT --flags=NUMBER\n"
           "      [--from=ADDRESS] [--from-port=PORT] [--count=SEGMENTS] [--seconds=TIME] "
           "[--rate=SEGMENTS-A-SECOND]\n");
}

static bool parse(int argc, char **argv, struct flood *f)
{
    static const struct option options[] = {
        { "interface", 1, NULL, 'i' },
        { "mac", 1, NULL, 'm' },
        { "to", 1, NULL, 't' },
        { "from", 1, NULL, 'f' },
        { "port", 1, NULL, 'p' },
        { "from-port", 1, NULL, 'o' },
        { "flags", 1, NULL, 'g' },
        { "count", 1, NULL, 'c' },
        { "seconds", 1, NULL, 's' },
        { "rate", 1, NULL, 'r' },
        { 0 },
    };
    bool good = true;

    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 'i': f->interface = optarg; break;
        case 'm':
            good = good && sscanf(optarg, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &f->mac[0], &f->mac[1], &f->mac[2],
                                  &f->mac[3], &f->mac[4], &f->mac[5]) == 6;
            break;
        case 't': good = good && inet_pton(AF_INET, optarg, &f->to) == 1; break;
        case 'f': good = good && inet_pton(AF_INET, optarg, &f->from) == 1; break;
        case 'p': f->port = (uint16_t)atoi(optarg); break;
        case 'o': f->from_port = (uint16_t)atoi(optarg); break;
        case 'g': f->flags = (uint8_t)strtol(optarg, NULL, 0); break;
        case 'c': f->count = strtoull(optarg, NULL, 10); break;
        case 's': f->seconds = atof(optarg); break;
        case 'r': f->rate = atof(optarg); break;
        default: good = false;
        }
    return good && f->interface != NULL && f->to != 0 && f->port != 0;
}

int main(int argc, char **argv)
{
    struct flood f = { .count = UINT64_MAX, .seconds = 10 };
    static uint8_t frames[BATCH][SIZE];
    struct mmsghdr messages[BATCH] = { 0 };
    struct iovec pieces[BATCH];
    uint64_t sent = 0, failed = 0;

    if (!parse(argc, argv, &f)) {
        usage();
        return 2;
    }
    signal(SIGTERM, end_now);
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll address = { .sll_family = AF_PACKET,
                                   .sll_protocol = htons(ETHERTYPE_IP),
                                   .sll_ifindex = (int)if_nametoindex(f.interface) };
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror(f.interface);
        return 1;
    }
    for (int i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){ frames[i], SIZE };
        messages[i].msg_hdr.msg_iov = &pieces[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    printf("begins\n");
    fflush(stdout);
    double start = now(), end = start + f.seconds;
    for (double t = start; t < end && sent < f.count && !ended; t = now()) {
        if (f.rate > 0 && (double)sent > f.rate * (t - start)) {
            usleep(1000);
            continue;
        }
        for (int i = 0; i < BATCH; i++)
            make(&f, frames[i]);
        /* Segments for which the queue has no space are dropped, as on a wire. */
        int n = sendmmsg(fd, messages, BATCH, 0);
        sent += n > 0 ? (uint64_t)n : 0;
        failed += n < 0;
    }
    printf("%llu segments in %.2f s, %llu refused\n", (unsigned long long)sent, now() - start,
           (unsigned long long)failed);
    return 0;
}
