/* packetdrill's table of functions. Each one calls the stack's thread. */
#include "../abi.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

static void set_address(struct host_call *call, const struct sockaddr *addr, socklen_t len)
{
    if (addr != NULL)
        memcpy(&call->address, addr, len < sizeof call->address ? len : sizeof call->address);
}

static int get_address(const struct host_call *call, struct sockaddr *addr, socklen_t *len)
{
    socklen_t have =
        call->address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (addr == NULL || len == NULL)
        return 0;
    memcpy(addr, &call->address, *len < have ? *len : have);
    *len = have;
    return 0;
}

static void interface_free(void *self)
{
    (void)self;
    host_end();
}

static int interface_socket(void *self, int domain, int type, int protocol)
{
    struct host_call call = { .operation = HOST_SOCKET, .arguments = { domain, type, protocol } };
    (void)self;
    return (int)host_run(&call);
}

static int interface_bind(void *self, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct host_call call = { .operation = HOST_BIND, .fd = fd };
    (void)self;
    set_address(&call, addr, len);
    return (int)host_run(&call);
}

static int interface_listen(void *self, int fd, int backlog)
{
    struct host_call call = { .operation = HOST_LISTEN, .fd = fd, .arguments = { backlog } };
    (void)self;
    return (int)host_run(&call);
}

static int interface_accept(void *self, int fd, struct sockaddr *addr, socklen_t *len)
{
    struct host_call call = { .operation = HOST_ACCEPT, .fd = fd };
    (void)self;
    int result = (int)host_run(&call);
    if (result >= 0)
        get_address(&call, addr, len);
    return result;
}

static int interface_connect(void *self, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct host_call call = { .operation = HOST_CONNECT, .fd = fd };
    (void)self;
    set_address(&call, addr, len);
    return (int)host_run(&call);
}

static ssize_t transfer(enum host_operation operation, int fd, const struct iovec *iov, int count, int flags)
{
    struct host_call call = {
        .operation = operation, .fd = fd, .iov = iov, .iov_count = count, .flags = flags
    };
    return (ssize_t)host_run(&call);
}

static ssize_t interface_recv(void *self, int fd, void *out, size_t len, int flags)
{
    (void)self;
    return transfer(HOST_RECEIVE, fd, &(struct iovec){ out, len }, 1, flags);
}

static ssize_t interface_read(void *self, int fd, void *out, size_t len)
{
    return interface_recv(self, fd, out, len, 0);
}

static ssize_t interface_readv(void *self, int fd, const struct iovec *iov, int count)
{
    (void)self;
    return transfer(HOST_RECEIVE, fd, iov, count, 0);
}

static ssize_t interface_recvfrom(void *self, int fd, void *out, size_t len, int flags, struct sockaddr *from,
                                  socklen_t *from_len)
{
    if (from != NULL && from_len != NULL)
        *from_len = 0;
    return interface_recv(self, fd, out, len, flags);
}

static ssize_t interface_recvmsg(void *self, int fd, struct msghdr *message, int flags)
{
    (void)self;
    struct host_call call = { .operation = HOST_RECEIVE,
                              .fd = fd,
                              .iov = message->msg_iov,
                              .iov_count = (int)message->msg_iovlen,
                              .flags = flags,
                              .message = message,
                              .arguments = { message->msg_control != NULL ? (int)message->msg_controllen
                                                                          : 0 } };
    struct msghdr before = *message;
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    message->msg_flags = 0;
    ssize_t result = (ssize_t)host_run(&call);
    if (result < 0)
        *message = before; /* the system call leaves these unchanged */
    return result;
}

static ssize_t interface_send(void *self, int fd, const void *data, size_t len, int flags)
{
    (void)self;
    return transfer(HOST_SEND, fd, &(struct iovec){ (void *)data, len }, 1, flags);
}

static ssize_t interface_write(void *self, int fd, const void *data, size_t len)
{
    return interface_send(self, fd, data, len, 0);
}

static ssize_t interface_writev(void *self, int fd, const struct iovec *iov, int count)
{
    (void)self;
    return transfer(HOST_SEND, fd, iov, count, 0);
}

/* The address only matters for MSG_FASTOPEN. */
static ssize_t send_to(int fd, const struct iovec *iov, int count, int flags, const struct sockaddr *to,
                       socklen_t to_len)
{
    struct host_call call = {
        .operation = HOST_SEND, .fd = fd, .iov = iov, .iov_count = count, .flags = flags
    };
    set_address(&call, to, to_len);
    return (ssize_t)host_run(&call);
}

static ssize_t interface_sendto(void *self, int fd, const void *data, size_t len, int flags,
                                const struct sockaddr *to, socklen_t to_len)
{
    (void)self;
    return send_to(fd, &(struct iovec){ (void *)data, len }, 1, flags, to, to_len);
}

static ssize_t interface_sendmsg(void *self, int fd, const struct msghdr *message, int flags)
{
    (void)self;
    return send_to(fd, message->msg_iov, (int)message->msg_iovlen, flags, message->msg_name,
                   message->msg_namelen);
}

static int interface_fcntl(void *self, int fd, int command, ...)
{
    struct host_call call = { .operation = HOST_FCNTL, .fd = fd, .arguments = { command } };
    (void)self;
    if (command == F_SETFL) {
        va_list args;
        va_start(args, command);
        call.arguments[1] = va_arg(args, int);
        va_end(args);
    }
    return (int)host_run(&call);
}

static int interface_ioctl(void *self, int fd, unsigned long request, ...)
{
    struct host_call call = { .operation = HOST_IOCTL, .fd = fd, .request = request };
    va_list args;
    (void)self;
    va_start(args, request);
    call.value = va_arg(args, void *);
    va_end(args);
    return (int)host_run(&call);
}

static int interface_close(void *self, int fd)
{
    struct host_call call = { .operation = HOST_CLOSE, .fd = fd };
    (void)self;
    return (int)host_run(&call);
}

static int interface_shutdown(void *self, int fd, int how)
{
    struct host_call call = { .operation = HOST_SHUTDOWN, .fd = fd, .arguments = { how } };
    (void)self;
    return (int)host_run(&call);
}

static int interface_getsockopt(void *self, int fd, int level, int name, void *value, socklen_t *len)
{
    struct host_call call = {
        .operation = HOST_GETSOCKOPT, .fd = fd, .arguments = { level, name }, .value = value, .len = len
    };
    (void)self;
    return (int)host_run(&call);
}

static int interface_setsockopt(void *self, int fd, int level, int name, const void *value, socklen_t len)
{
    struct host_call call = { .operation = HOST_SETSOCKOPT,
                              .fd = fd,
                              .arguments = { level, name },
                              .value = (void *)value,
                              .len = &len };
    (void)self;
    return (int)host_run(&call);
}

static int interface_poll(void *self, struct pollfd *fds, nfds_t count, int timeout)
{
    struct host_call call = {
        .operation = HOST_POLL, .value = fds, .arguments = { (int)count }, .timeout = timeout
    };
    (void)self;
    return (int)host_run(&call);
}

static int interface_netdev_send(void *self, const void *packet, size_t len)
{
    (void)self;
    return host_packet_in(packet, len);
}

static int interface_netdev_receive(void *self, void *packet, size_t *len, long long *microseconds)
{
    os_time at = 0;
    (void)self;
    *len = host_packet_next(packet, *len, &at);
    *microseconds = HOST_CLOCK_BASE * 1000000ll + at / 1000;
    return 0;
}

static int interface_usleep(void *self, useconds_t microseconds)
{
    (void)self;
    host_sleep(MICROSECONDS(microseconds));
    return 0;
}

static int interface_gettimeofday(void *self, struct timeval *tv, struct timezone *tz)
{
    (void)self, (void)tz;
    os_time now = host_time();
    tv->tv_sec = HOST_CLOCK_BASE + now / SECONDS(1);
    tv->tv_usec = now % SECONDS(1) / 1000;
    return 0;
}

static int interface_epoll_create(void *self, int size)
{
    struct host_call call = { .operation = HOST_EPOLL_CREATE, .arguments = { size } };
    (void)self;
    return (int)host_run(&call);
}

static int interface_epoll_ctl(void *self, int epfd, int operation, int fd, struct epoll_event *event)
{
    struct host_call call = {
        .operation = HOST_EPOLL_CTL, .fd = epfd, .arguments = { operation, fd }, .value = event
    };
    (void)self;
    return (int)host_run(&call);
}

static int interface_epoll_wait(void *self, int epfd, struct epoll_event *events, int count, int timeout)
{
    struct host_call call = {
        .operation = HOST_EPOLL_WAIT, .fd = epfd, .arguments = { count }, .value = events, .timeout = timeout
    };
    (void)self;
    return (int)host_run(&call);
}

static int interface_pipe(void *self, int fds[2])
{
    (void)self, (void)fds;
    errno = EOPNOTSUPP;
    return -1;
}

static int interface_splice(void *self, int in, loff_t *in_offset, int out, loff_t *out_offset, size_t len,
                            unsigned flags)
{
    (void)self, (void)in, (void)in_offset, (void)out, (void)out_offset, (void)len, (void)flags;
    errno = EOPNOTSUPP;
    return -1;
}

/*
 * packetdrill asks libc, and not the interface, for the TCP_INFO that its %{ }% code sees. With this object
 * in LD_PRELOAD, the call arrives here.
 */
__attribute__((visibility("default"))) int getsockopt(int fd, int level, int name, void *value,
                                                      socklen_t *len)
{
    if (host_fd_is(fd))
        return interface_getsockopt(NULL, fd, level, name, value, len);
    return (int)syscall(SYS_getsockopt, fd, level, name, value, len);
}

/* This is not part of packetdrill's interface either. */
__attribute__((visibility("default"))) ssize_t sendfile(int out, int in, off_t *offset, size_t len)
{
    char bytes[65536];
    if (!host_fd_is(out))
        return (ssize_t)syscall(SYS_sendfile, out, in, offset, len);
    if (len > sizeof bytes)
        len = sizeof bytes;
    ssize_t n = offset != NULL ? pread(in, bytes, len, *offset) : read(in, bytes, len);
    if (n > 0)
        n = interface_send(NULL, out, bytes, (size_t)n, 0);
    if (n > 0 && offset != NULL)
        *offset += n;
    return n;
}

__attribute__((visibility("default"))) void packetdrill_interface_init(
    const char *flags, struct packetdrill_interface *interface)
{
    *interface = (struct packetdrill_interface){
        .free = interface_free,
        .socket = interface_socket,
        .bind = interface_bind,
        .listen = interface_listen,
        .accept = interface_accept,
        .connect = interface_connect,
        .read = interface_read,
        .readv = interface_readv,
        .recv = interface_recv,
        .recvfrom = interface_recvfrom,
        .recvmsg = interface_recvmsg,
        .write = interface_write,
        .writev = interface_writev,
        .send = interface_send,
        .sendto = interface_sendto,
        .sendmsg = interface_sendmsg,
        .fcntl = interface_fcntl,
        .ioctl = interface_ioctl,
        .close = interface_close,
        .shutdown = interface_shutdown,
        .getsockopt = interface_getsockopt,
        .setsockopt = interface_setsockopt,
        .poll = interface_poll,
        .netdev_send = interface_netdev_send,
        .netdev_receive = interface_netdev_receive,
        .usleep = interface_usleep,
        .gettimeofday = interface_gettimeofday,
        .epoll_create = interface_epoll_create,
        .epoll_ctl = interface_epoll_ctl,
        .epoll_wait = interface_epoll_wait,
        .pipe = interface_pipe,
        .splice = interface_splice,
    };
    host_begin(flags);
}
