/*
 * Between the stack, which runs on a thread of its own, and whoever calls through packetdrill's interface.
 * Time is virtual: it stands still but for what usleep, gettimeofday and netdev_receive let pass.
 */
#ifndef PACKETDRILL_HOST_H
#define PACKETDRILL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#include <mirage/time.h>

struct iovec;
struct pollfd;
struct epoll_event;
struct msghdr;
struct os_fiber;

/*
 * A descriptor of the process that stands for a socket of the stack's, and does nothing: packetdrill closes
 * those that a script leaves open by itself. -1: none is left.
 */
enum { HOST_FDS_MAX = 1024 };
int host_fd_new(void);
void host_fd_free(int fd);
bool host_fd_is(int fd);

enum host_operation {
    HOST_SOCKET,
    HOST_BIND,
    HOST_LISTEN,
    HOST_ACCEPT,
    HOST_CONNECT,
    HOST_RECEIVE,
    HOST_SEND,
    HOST_FCNTL,
    HOST_IOCTL,
    HOST_CLOSE,
    HOST_SHUTDOWN,
    HOST_GETSOCKOPT,
    HOST_SETSOCKOPT,
    HOST_POLL,
    HOST_EPOLL_CREATE,
    HOST_EPOLL_CTL,
    HOST_EPOLL_WAIT,
};

/* A system call; its arguments lie where the caller has them. */
struct host_call {
    enum host_operation operation;
    int fd;
    int arguments[3]; /* domain and type; backlog; command and argument; level and name; how */
    int flags;        /* of HOST_RECEIVE and HOST_SEND */
    struct sockaddr_storage address;
    const struct iovec *iov;
    int iov_count;
    void *value; /* of an option or an ioctl, or the events */
    unsigned long request;
    struct msghdr *message; /* of recvmsg: takes control messages; its room for them is arguments[0] */
    socklen_t *len;
    int timeout; /* ms, -1: none */
    int64_t result;
    int error; /* errno when the result is negative */

    bool done;
    os_time ended;
    struct os_fiber *fiber;
    struct host_call *next;
};

/* For the modules of the stack: what takes packets, and what runs calls, both on the loop's thread. */
void host_on_packet(void (*receive)(void *ctx, const uint8_t *packet, size_t len), void *ctx);
void host_on_call(void (*begin)(void *ctx, struct host_call *call), void *ctx);
/* What is to be looked at after each turn of the loop, before time passes. */
void host_on_turn(void (*turn)(void *ctx), void *ctx);
/*
 * What packetdrill has for the stack's address, which the network device translates; NULL: the stack's own.
 */
void host_set_alias(bool v6, const uint8_t *address);
const uint8_t *host_alias(bool v6);
void host_packet_out(const uint8_t *packet, size_t len);
void host_call_done(struct host_call *call);
uint16_t host_mtu(void);

/* What time the scripts' clock began at, in seconds; any will do. */
#define HOST_CLOCK_BASE 1000000

/* For the interface. */
void host_begin(const char *flags);
void host_end(void);
int64_t host_run(struct host_call *call);
int host_packet_in(const void *packet, size_t len);
size_t host_packet_next(void *out, size_t room, os_time *left_at);
void host_sleep(os_time duration);
os_time host_time(void);

/*
 * A setting as /proc/sys has it, "net.ipv4.tcp_sack"; false when there is none. What a script writes to
 * /proc/sys itself, after the first question, counts as well.
 */
bool host_setting(const char *name, char *out, size_t size);

#endif
