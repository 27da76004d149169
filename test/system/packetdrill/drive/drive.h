/* Runs a script against a stack. The files of the driver share this header. */
#ifndef DRIVE_DRIVE_H
#define DRIVE_DRIVE_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../abi.h"
#include "script.h"

enum { PACKET_MAX = 65536, TIMESTAMPS_MAX = 256, FDS_MAX = 64 };

/* An end of the connection under test. Addresses have 4 or 16 bytes. */
struct end {
    uint8_t address[16];
    uint16_t port;
};

/*
 * The state of a run. It maps the script's numbers to the stack's, because the stack chooses its initial
 * sequence number, its time stamps and its descriptors. Numbers that the script sends are used as they are.
 */
struct drive {
    const struct script *script;
    struct packetdrill_interface stack;
    bool v6;         /* whether packets are IPv6 */
    bool v6_sockets; /* whether sockets are of the family AF_INET6 */
    bool verbose;
    int64_t tolerance; /* in microseconds */
    int64_t started;   /* the stack's time at the script's 0 */
    const struct event *event;
    int64_t event_at; /* relative to `started` */
    struct end local, remote;
    bool connected; /* whether a SYN was sent */
    bool active;    /* whether the stack sent it */
    bool isn_known;
    uint32_t isn; /* the stack's initial sequence number */
    struct {
        uint32_t script, live;
    } timestamps[TIMESTAMPS_MAX];
    size_t timestamp_count;
    int fds[FDS_MAX];     /* the stack's descriptor for the script's */
    int64_t blocked_base; /* the time to which the times of the blocking call are relative */
    int connection;       /* the descriptor of the last connection */
    const char *settings; /* a folder like /proc/sys */
};

/* A packet that the stack sent, in host order. */
struct live_packet {
    const uint8_t *tcp;
    size_t tcp_len; /* with the payload */
    uint8_t ecn, hop_limit;
    struct end from, to;
    uint8_t flags;
    uint32_t seq, ack, len;
    uint16_t window, urgent;
    uint8_t options[OPTIONS_MAX];
    size_t options_len;
};

/*
 * packet.c: build a scripted packet's bytes, or read a packet of the stack. The second function returns NULL,
 * or what is wrong with the packet.
 */
size_t packet_build(struct drive *d, const struct packet_spec *spec, uint8_t *out);
const char *packet_read(const struct drive *d, const uint8_t *bytes, size_t len, struct live_packet *out);
/* Compare a live packet with the script's. Returns NULL when they are equal, or text about the difference. */
const char *packet_compare(struct drive *d, const struct packet_spec *spec, const struct live_packet *live);
/* Show a live packet in the script's language, with the script's numbers. */
const char *packet_show(const struct drive *d, const struct live_packet *live);

/* call.c: make the call and compare its result. */
void call_run(struct drive *d, const struct event *event);
/* Wait, at the script's end, for a call that blocks. */
void call_finish(struct drive *d);

/* info.c: check the assertions of %{ }%. */
void info_check(struct drive *d, const struct event *event);

int64_t drive_now(struct drive *d);
_Noreturn void drive_fail(struct drive *d, const struct event *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void drive_check_time(struct drive *d, const struct event *event, int64_t at, int64_t until, int64_t live,
                      const char *what);

static inline uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

#endif
