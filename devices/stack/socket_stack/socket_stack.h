/*
 * IP, UDP and TCP of both versions on the host's sockets.
 *
 * The parts lie in the stack's struct and end with it.
 */
#ifndef SOCKET_STACK_H
#define SOCKET_STACK_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <mirage/functor.h>

#include <platform/linux/error.h>
#include <platform/linux/fd.h>

MODULE(STACK, socket_stack);
LOG_SOURCE(socket_stack);

/* Views that one system call takes. */
enum { VECTOR = 64 };

struct socket_stack_ip {
    struct socket_stack *stack;
};

struct socket_stack_udp {
    struct socket_stack *stack;
    /* What of a datagram exceeds a page is received here, for all sockets, and copied. */
    uint8_t spill[65536];
};

struct socket_stack_tcp {
    struct socket_stack *stack;
    /* Flows that were closed before their peers had ended, the oldest first; see linger.c. */
    OS_LIST(struct socket_stack_tcp_flow) lingering;
    size_t lingering_count;
};

struct socket_stack {
    struct ip_addr listen_on; /* in place of every address, unless it is IP_ANY */
    char hostname[256];
    struct socket_stack_ip ip;
    struct socket_stack_udp udp;
    struct socket_stack_tcp tcp;
};

struct socket_stack_tcp_flow {
    struct linux_fd fd;
    struct socket_stack_tcp *tcp;
    union {
        struct {
            struct endpoint peer;
            uint8_t pages;         /* that the next read asks for */
            bool reading, writing; /* a fiber waits in it */
            bool shut;             /* this side has ended */
            bool ended;            /* nothing more will come: the peer's end was read, or it broke */
        };
        struct {
            OS_LIST_NODE(struct socket_stack_tcp_flow) node;
            struct os_timer timer;
        } linger;
    };
};

/* Room for either family. */
union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/*
 * The address in the form that a socket of `family` takes; returns its length. 0 when
 * it can't: an IPv6 address on an IPv4 socket.
 */
INTERNAL socklen_t address_make(union address *out, int family, const struct ip_addr *addr, uint16_t port);
INTERNAL void address_read(struct endpoint *out, const union address *address);

/*
 * A non-blocking socket bound to the address and port. On every address it takes both
 * families, where the host has IPv6.
 */
INTERNAL err bound_socket(const struct socket_stack *stack, int type, const struct ip_addr *local,
                          uint16_t port, int *out, int *family);

/* The local end of a socket. */
INTERNAL void local_endpoint(int fd, struct endpoint *out);

/* Describe up to VECTOR views of the chain, without the first `skip` bytes; returns how many. */
INTERNAL size_t vector_make(struct iovec vector[VECTOR], const struct buf *chain, size_t skip);

/*
 * Give a socket's packets these options, before it is connected to `peer` or after. ERR_INVALID when they are
 * out of their bounds, which is logged.
 */
INTERNAL err options_apply(int fd, const struct ip_addr *peer, const struct tcp_options *options);

/* A flow over a connected socket, which it takes in any case. */
INTERNAL err flow_make(struct socket_stack_tcp *tcp, int fd, struct socket_stack_tcp_flow **out);

/* End this side and close the flow when the peer has ended its own, or after a while. */
INTERNAL void linger_begin(struct socket_stack_tcp_flow *flow);
INTERNAL void linger_end(struct socket_stack_tcp_flow *flow);

#endif
