/*
 * What system calls want of TCP beyond its signature: the instance under test is compiled with inside.c
 * around it, which sees its connections from within. A flow here is the module's `struct …_flow *`.
 */
#ifndef PACKETDRILL_INSIDE_H
#define PACKETDRILL_INSIDE_H

#include <linux/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <mirage/err.h>

struct buf;
struct endpoint;
struct iovec;

#ifndef SOL_TCP
#define SOL_TCP 6
#endif

/*
 * Linux's numbers for the states. They differ from RFC 9293's order, and Linux's own header has no names for
 * them.
 */
enum {
    TCP_ESTABLISHED = 1,
    TCP_SYN_SENT,
    TCP_SYN_RECV,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_TIME_WAIT,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_CLOSING,
};

/* Begin to open a connection. Its SYN is sent, and inside_wait_open waits for the result. */
err inside_open(void *tcp, const struct endpoint *peer, void **flow);
/*
 * The same with Fast Open. The SYN has as many bytes of `first` as fit. `first` may be NULL, and is taken on
 * success and on error.
 */
err inside_open_with(void *tcp, const struct endpoint *peer, struct buf *first, void **flow);
/* in bytes; 0 when there is no cookie */
uint32_t inside_fast_open_room(void *tcp, const struct endpoint *peer);
err inside_wait_open(void *flow);

/* What is possible now, without waiting. */
bool inside_is_open(const void *flow);   /* whether the handshake has ended, with or without success */
bool inside_is_closed(const void *flow); /* whether nothing is sent or received any more */
bool inside_end_of_input(const void *flow);
size_t inside_readable(const void *flow);
size_t inside_queued(const void *flow); /* bytes that were written and are not acknowledged */
size_t inside_unsent(const void *flow);
uint32_t inside_acknowledged(const void *flow); /* bytes of the stream, modulo 2^32 */
uint32_t inside_sent(const void *flow);
uint32_t inside_received(const void *flow); /* the next number in the stream */
err inside_wait_output(void *flow);         /* wait until an acknowledgement comes, or the end */
bool inside_fin_received(const void *flow);
bool inside_window_full(const void *flow); /* whether the peer's window delays unsent bytes */
uint32_t inside_chunk(const void *flow);   /* how many bytes Linux would put in one of its buffers */
uint32_t inside_cwnd(const void *flow);    /* in segments */
bool inside_acceptable(const void *listener, bool with_data);
bool inside_shut(const void *flow);
err inside_error(const void *flow); /* the reason for the end; OK when it ended in order */

/* Wait until there is something to read, or until there never will be. */
err inside_wait_input(void *flow);

/* Copy up to `len` received bytes, and take them unless `peek`. */
size_t inside_read(void *flow, const struct iovec *iov, int count, size_t len, bool peek);

/* `syn_bytes`: how many bytes its SYN carried. */
void inside_info(const void *flow, uint32_t syn_bytes, struct tcp_info *out);

/*
 * Set a value of the whole stack by its name in Linux, without "net.ipv4.". False when there is no such
 * setting.
 */
bool inside_set(const char *name, int64_t value);
void inside_set_fast_open_keys(void *tcp, const uint8_t keys[32]); /* the present key and the one before it */
bool inside_set_congestion(const char *name);
const char *inside_congestion(void);
int64_t inside_receive_buffer(void);

/* Write a line for each connection, and one for each counter that has a name in Linux. */
void inside_report(const void *tcp, FILE *out);
void inside_report_closed(const void *flow, FILE *out);

/* Settings of one flow. */
void inside_set_receive_buffer(void *flow, uint32_t bytes);
void inside_set_user_timeout(void *flow, uint32_t ms); /* 0 means the default */
/* in seconds; 0 leaves it as it is */
void inside_set_keepalive(void *flow, uint32_t interval, uint32_t probes);
/* for an open that is under way; 0 leaves it as it is */
void inside_set_handshake(void *flow, uint32_t retries);
void inside_set_mss(void *flow, uint16_t mss);
void inside_set_quick_ack(void *flow, bool on);
uint32_t inside_mss(const void *flow);

#endif
