/*
 * Between the stack, which runs on a thread of its own, and whoever calls through packetdrill's interface.
 * Time is virtual: it stands still but for what usleep, gettimeofday, netdev_receive and the first thread's
 * calls that wait let pass.
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

/* A system call. Its arguments are in the caller's memory. */
struct host_call {
    enum host_operation operation;
    int fd;
    int arguments[3]; /* domain and type; backlog; command and argument; level and name; how */
    int flags;        /* the flags of HOST_RECEIVE and HOST_SEND */
    struct sockaddr_storage address;
    const struct iovec *iov;
    int iov_count;
    void *value; /* the value of an option or an ioctl, or the events */
    unsigned long request;
    struct msghdr *message; /* of recvmsg: takes control messages; its room for them is arguments[0] */
    socklen_t *len;
    int timeout; /* in milliseconds; -1 means none */
    int64_t result;
    int error; /* errno when the result is negative */

    bool done;
    bool beside; /* it was made from a thread beside the first one */
    os_time ended;
    struct os_fiber *fiber;
    struct host_call *next;
};

/*
 * Used by the stack's modules: set what receives packets, and what runs calls. Both run on the loop's thread.
 */
void host_on_packet(void (*receive)(void *ctx, const uint8_t *packet, size_t len), void *ctx);
void host_on_call(void (*begin)(void *ctx, struct host_call *call), void *ctx);
/*
 * Set what runs after each turn of the loop, before time passes. It returns whether the loop has more to do
 * now.
 */
void host_on_turn(bool (*turn)(void *ctx), void *ctx);
/*
 * Set packetdrill's address for the stack, which the network device translates. NULL stands for the stack's
 * own.
 */
void host_set_alias(bool v6, const uint8_t *address);
const uint8_t *host_alias(bool v6);
void host_packet_out(const uint8_t *packet, size_t len);
void host_call_done(struct host_call *call);
uint16_t host_mtu(void);

/* The scripts' clock begins at this time, in seconds. The value does not matter. */
#define HOST_CLOCK_BASE 1000000

/* Used by the interface. */
void host_begin(const char *flags);
void host_end(void);
int64_t host_run(struct host_call *call);
int host_packet_in(const void *packet, size_t len);
size_t host_packet_next(void *out, size_t room, os_time *left_at);
void host_sleep(os_time duration);
os_time host_time(void);

/*
 * Read a setting with a name such as "net.ipv4.tcp_sack" as /proc/sys has it. False when there is none. What
 * a script itself writes to /proc/sys after the first call is seen, too.
 */
bool host_setting(const char *name, char *out, size_t size);

/* Whether programs that a script calls may read what the stack reports: the file "state" in that folder. */
bool host_reports(void);
void host_report(const char *text);

#endif
