/* Running a script against a stack: what the files of the driver share. */
#ifndef DRIVE_DRIVE_H
#define DRIVE_DRIVE_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../abi.h"
#include "script.h"

enum { PACKET_MAX = 65536, TIMESTAMPS_MAX = 256, FDS_MAX = 64 };

/* One end of the connection under test; addresses of 4 or 16 bytes. */
struct end {
    uint8_t address[16];
    uint16_t port;
};

/*
 * A script's numbers against the stack's: what the stack chose (its initial sequence number, its time stamps,
 * its descriptors) is not what the script says, and what the script sends is taken as it stands.
 */
struct drive {
    const struct script *script;
    struct packetdrill_interface stack;
    bool v6;         /* on the wire */
    bool v6_sockets; /* of the family AF_INET6 */
    bool verbose;
    int64_t tolerance; /* microseconds */
    int64_t started;   /* the stack's time of the script's 0 */
    const struct event *event;
    int64_t event_at; /* since started */
    struct end local, remote;
    bool connected; /* somebody has sent a SYN */
    bool active;    /* it was the stack */
    bool isn_known;
    uint32_t isn; /* the stack's initial sequence number */
    struct {
        uint32_t script, live;
    } timestamps[TIMESTAMPS_MAX];
    size_t timestamp_count;
    int fds[FDS_MAX];     /* the stack's descriptor for the script's */
    int64_t blocked_base; /* what the times of the call that blocks count from */
    int connection;       /* the descriptor of the last connection */
    const char *settings; /* a folder like /proc/sys */
};

/* A packet as it came out, in host order. */
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

/* packet.c: the bytes of a scripted packet; and what the stack sent, or NULL and what is wrong with it. */
size_t packet_build(struct drive *d, const struct packet_spec *spec, uint8_t *out);
const char *packet_read(const struct drive *d, const uint8_t *bytes, size_t len, struct live_packet *out);
/* Whether a live packet is what the script says; else text that tells the difference. */
const char *packet_compare(struct drive *d, const struct packet_spec *spec, const struct live_packet *live);
/* A live packet, in the script's numbers and language. */
const char *packet_show(const struct drive *d, const struct live_packet *live);

/* call.c: make the call and compare its result. */
void call_run(struct drive *d, const struct event *event);
/* At the script's end: wait for a call that blocks. */
void call_finish(struct drive *d);

/* info.c: the assertions of %{ }%. */
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
