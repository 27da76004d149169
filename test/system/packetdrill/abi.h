/*
 * The binary interface between packetdrill and a stack in a shared object. The order and types of the
 * members are packetdrill's; a stack exports packetdrill_interface_init, which fills in the table.
 *
 * Calls take what `self` was set to, and answer as system calls do: -1 with errno. packetdrill makes
 * calls that are meant to block from a second thread, while its first one goes on with packets and time.
 */
#ifndef PACKETDRILL_ABI_H
#define PACKETDRILL_ABI_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct packetdrill_interface {
    void *self;
    void (*free)(void *self);

    int (*socket)(void *self, int domain, int type, int protocol);
    int (*bind)(void *self, int fd, const struct sockaddr *addr, socklen_t len);
    int (*listen)(void *self, int fd, int backlog);
    int (*accept)(void *self, int fd, struct sockaddr *addr, socklen_t *len);
    int (*connect)(void *self, int fd, const struct sockaddr *addr, socklen_t len);

    ssize_t (*read)(void *self, int fd, void *out, size_t len);
    ssize_t (*readv)(void *self, int fd, const struct iovec *iov, int count);
    ssize_t (*recv)(void *self, int fd, void *out, size_t len, int flags);
    ssize_t (*recvfrom)(void *self, int fd, void *out, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len);
    ssize_t (*recvmsg)(void *self, int fd, struct msghdr *message, int flags);
    ssize_t (*write)(void *self, int fd, const void *data, size_t len);
    ssize_t (*writev)(void *self, int fd, const struct iovec *iov, int count);
    ssize_t (*send)(void *self, int fd, const void *data, size_t len, int flags);
    ssize_t (*sendto)(void *self, int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
                      socklen_t to_len);
    ssize_t (*sendmsg)(void *self, int fd, const struct msghdr *message, int flags);

    int (*fcntl)(void *self, int fd, int command, ...);
    int (*ioctl)(void *self, int fd, unsigned long request, ...);
    int (*close)(void *self, int fd);
    int (*shutdown)(void *self, int fd, int how);
    int (*getsockopt)(void *self, int fd, int level, int name, void *value, socklen_t *len);
    int (*setsockopt)(void *self, int fd, int level, int name, const void *value, socklen_t len);
    int (*poll)(void *self, struct pollfd *fds, nfds_t count, int timeout);

    /*
     * Send an IP packet to the stack, or receive its next one with the time when it left. Its length is 0
     * when there is none.
     */
    int (*netdev_send)(void *self, const void *packet, size_t len);
    int (*netdev_receive)(void *self, void *packet, size_t *len, long long *microseconds);

    /* Access to the stack's clock, which is packetdrill's clock while a script runs. */
    int (*usleep)(void *self, useconds_t microseconds);
    int (*gettimeofday)(void *self, struct timeval *tv, struct timezone *tz);

    int (*epoll_create)(void *self, int size);
    int (*epoll_ctl)(void *self, int epfd, int operation, int fd, struct epoll_event *event);
    int (*epoll_wait)(void *self, int epfd, struct epoll_event *events, int count, int timeout);
    int (*pipe)(void *self, int fds[2]);
    int (*splice)(void *self, int in, loff_t *in_offset, int out, loff_t *out_offset, size_t len,
                  unsigned flags);
};

/* `flags` is the value of --so_flags, or NULL. */
void packetdrill_interface_init(const char *flags, struct packetdrill_interface *interface);

#endif
