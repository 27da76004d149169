/*
 * System calls on a STACK: descriptors, blocking or not, options, poll. What the files of this module share:
 *
 *   sockets.c   the job, a fiber for each call, descriptors       open.c      from socket to close
 *   transfer.c  reading and writing                               option.c    getsockopt, setsockopt, ioctl
 *   poll.c      poll and epoll                                    setting.c   sysctl
 *   record.c    MSG_EOR                                           fast_open.c TCP_FASTOPEN
 *   notice.c    the error queue                                   buffer.c    SO_SNDBUF, what delays sending
 *   report.c    what programs that a script calls see
 */
#ifndef SOCKETS_PRIVATE_H
#define SOCKETS_PRIVATE_H

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <mirage/functor.h>

#include "../host.h"
#include "../inside.h"

PARAM(STACK, stack);
MODULE(JOB, sockets);
LOG_SOURCE(sockets);

enum { STORED_MAX = 16, WATCHED_MAX = 16, SETTINGS = 19, SETTING_TEXT = 64, FAST_OPEN_KEY = 16 };

enum kind { KIND_NONE, KIND_NEW, KIND_LISTENER, KIND_FLOW, KIND_EPOLL };

/* An option that has no effect here. It reads as it was set. */
struct stored {
    int level, name, value;
};

/* The options that a listener passes on to accepted connections. */
struct options {
    uint32_t receive_buffer, send_buffer; /* 0 when not set */
    uint32_t keep_idle;                   /* in seconds */
    int defer_accept;
    uint16_t max_segment;
    bool nodelay, keepalive, cork;
    struct linger linger;
    uint8_t fast_open_keys[2 * FAST_OPEN_KEY];
    size_t fast_open_keys_len; /* 0 stands for the value of sysctl */
    struct stored stored[STORED_MAX];
    size_t stored_count;
};

/* A notice of the error queue: a range of MSG_ZEROCOPY's numbers, or a time. */
struct notice {
    struct notice *next;
    bool zerocopy;
    uint32_t info, data;
    os_time at;
};

/* A write for which notices are due. It is identified by the next byte in the stream. */
struct awaited {
    struct awaited *next;
    uint32_t end, id, key, stamps;
    bool zerocopy, sent;
};

/* How long there was something to send, and what delayed it. */
struct usage {
    os_time since, total, window, buffer;
    bool busy, window_full, buffer_full;
    uint32_t received; /* the stream's next number at the last look, */
    os_time received_at;
};

/* What poll sees of a socket. */
struct readable {
    uint32_t events, notices;
    size_t bytes;
};

struct watched {
    int fd;
    struct epoll_event event;
    uint32_t seen;   /* EPOLLET: the events that were reported, */
    size_t readable; /* and how many bytes could be read then */
    uint32_t notices;
    bool spent; /* EPOLLONESHOT: nothing more is reported */
};

struct socket {
    enum kind kind;
    int domain;
    bool nonblocking, connecting, reported;
    bool read_shut; /* SHUT_RD: after the bytes that are there, the stream ends */
    struct endpoint local;
    /*
     * The peer that a connect with TCP_FASTOPEN_CONNECT left for the first write to open. Its port is 0 when
     * there is none.
     */
    struct endpoint deferred;
    uint32_t backlog;
    uint32_t syn_bytes; /* how many bytes the SYN carried */
    struct stack_tcp_flow *flow;
    struct stack_tcp_listener *listener;
    struct options options;
    uint8_t *held; /* bytes that TCP_CORK or MSG_MORE keeps back */
    size_t held_len;
    struct os_timer held_timer;
    struct piece *pieces, *pieces_last; /* the bytes after a MSG_EOR that was not sent yet */
    size_t pieces_len;
    bool record_ended; /* whether the last write was the end of a record */
    struct notice *notices, *notices_last;
    struct awaited *awaited;
    uint32_t notice_count, awaited_count, zerocopy_id;
    uint32_t stamp_base; /* the position in the stream when SO_TIMESTAMPING was set */
    bool buffer_waited;  /* a write found no space */
    struct usage usage;
    struct readable seen; /* at the last turn of the loop */
    struct watched watched[WATCHED_MAX];
};

struct sockets {
    struct stack *stack;
    struct stack_tcp *tcp;
    struct socket *fds[HOST_FDS_MAX];
    struct os_waitq pollers;
    char *reported;                        /* what was reported last; NULL: nothing */
    char settings[SETTINGS][SETTING_TEXT]; /* Linux's settings, as they were read last */
};

/* sockets.c */
INTERNAL struct socket *socket_find(struct sockets *all, int fd);
INTERNAL int socket_add(struct sockets *all, struct socket *socket);
INTERNAL int64_t fail(struct host_call *call, int error);
INTERNAL int errno_of(err e);

/* open.c */
INTERNAL int64_t call_socket(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_bind(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_listen(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_accept(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_connect(struct sockets *all, struct host_call *call);
INTERNAL bool read_address(const struct host_call *call, struct endpoint *out);
INTERNAL void open_begun(struct socket *socket, void *flow);
INTERNAL int64_t connected(struct socket *socket, struct host_call *call);
INTERNAL int64_t call_close(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_shutdown(struct sockets *all, struct host_call *call);
INTERNAL void socket_free(struct socket *socket);

/* transfer.c */
INTERNAL int64_t call_receive(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_send(struct sockets *all, struct host_call *call);
INTERNAL err send_held(struct socket *socket);
INTERNAL void held_fire(void *arg);
INTERNAL int take_error(struct socket *socket);
INTERNAL bool must_not_wait(const struct socket *socket, const struct host_call *call);

/* option.c */
INTERNAL int64_t call_getsockopt(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_setsockopt(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_ioctl(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_fcntl(struct sockets *all, struct host_call *call);
INTERNAL void options_apply(struct socket *socket);
INTERNAL void timeouts_apply(struct socket *socket);
INTERNAL void max_segment_apply(const struct socket *socket);

INTERNAL int option_stored(const struct socket *socket, int level, int name);

/* notice.c */
INTERNAL void notice_expect(struct socket *socket, uint32_t end, int flags);
INTERNAL void notice_look(struct socket *socket);
INTERNAL void notice_free(struct socket *socket);
INTERNAL int64_t notice_receive(struct socket *socket, struct host_call *call);
INTERNAL void control_put(struct host_call *call, int level, int type, const void *data, size_t len);

/* record.c */
INTERNAL err record_write(struct socket *socket, const void *bytes, size_t len);
INTERNAL void record_end(struct socket *socket);
INTERNAL void record_look(struct socket *socket);
INTERNAL err record_flush(struct socket *socket);
INTERNAL void record_free(struct socket *socket);

/* buffer.c */
INTERNAL void buffer_set(struct socket *socket, int value);
INTERNAL size_t buffer_size(const struct socket *socket);
INTERNAL size_t buffer_room(const struct socket *socket);
INTERNAL bool buffer_writable(const struct socket *socket);
INTERNAL void usage_look(struct socket *socket);

/* fast_open.c */
INTERNAL void fast_open_apply(struct sockets *all, struct socket *socket);
INTERNAL bool fast_open_client(void);
INTERNAL int64_t fast_open_send(struct sockets *all, struct host_call *call, const uint8_t *bytes, size_t len,
                                size_t *done);
INTERNAL int fast_open_set_keys(struct sockets *all, struct socket *socket, const struct host_call *call);
INTERNAL size_t fast_open_get_keys(const struct socket *socket, uint8_t out[2 * FAST_OPEN_KEY]);

/* report.c */
INTERNAL void report_look(struct sockets *all);

/* poll.c */
INTERNAL bool poll_look(struct sockets *all);
INTERNAL int64_t call_poll(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_epoll_create(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_epoll_ctl(struct sockets *all, struct host_call *call);
INTERNAL int64_t call_epoll_wait(struct sockets *all, struct host_call *call);

/* setting.c */
INTERNAL void settings_read(struct sockets *all);
INTERNAL int64_t setting_number(const char *name, int64_t otherwise);
INTERNAL int64_t setting_nth(const char *name, int n, int64_t otherwise);

#endif
