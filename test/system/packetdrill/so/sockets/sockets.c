#include "private.h"

int64_t fail(struct host_call *call, int error)
{
    call->error = error;
    return -1;
}

int errno_of(err e)
{
    switch (e) {
    case OK: return 0;
    case ERR_NO_MEMORY: return ENOMEM;
    case ERR_CLOSED: return EPIPE;
    case ERR_TIMEOUT: return ETIMEDOUT;
    case ERR_CANCELLED: return EDEADLK;
    case ERR_AGAIN: return EAGAIN;
    case ERR_BUSY: return EALREADY;
    case ERR_ACCESS: return EACCES;
    case ERR_NO_SPACE: return ENOBUFS;
    case ERR_TOO_LARGE: return EMSGSIZE;
    case ERR_REFUSED: return ECONNREFUSED;
    case ERR_RESET: return ECONNRESET;
    case ERR_UNREACHABLE: return EHOSTUNREACH;
    case ERR_ADDRESS_IN_USE: return EADDRINUSE;
    case ERR_ADDRESS_NOT_HERE: return EADDRNOTAVAIL;
    case ERR_NOT_CONNECTED: return ENOTCONN;
    default: return EINVAL;
    }
}

struct socket *socket_find(struct sockets *all, int fd)
{
    return host_fd_is(fd) ? all->fds[fd] : NULL;
}

int socket_add(struct sockets *all, struct socket *socket)
{
    int fd = host_fd_new();
    if (fd >= 0)
        all->fds[fd] = socket;
    return fd;
}

static int64_t run(struct sockets *all, struct host_call *call)
{
    switch (call->operation) {
    case HOST_SOCKET: return call_socket(all, call);
    case HOST_POLL: return call_poll(all, call);
    case HOST_EPOLL_CREATE: return call_epoll_create(all, call);
    default: break;
    }
    if (socket_find(all, call->fd) == NULL)
        return fail(call, EBADF);
    switch (call->operation) {
    case HOST_BIND: return call_bind(all, call);
    case HOST_LISTEN: return call_listen(all, call);
    case HOST_ACCEPT: return call_accept(all, call);
    case HOST_CONNECT: return call_connect(all, call);
    case HOST_RECEIVE: return call_receive(all, call);
    case HOST_SEND: return call_send(all, call);
    case HOST_FCNTL: return call_fcntl(all, call);
    case HOST_IOCTL: return call_ioctl(all, call);
    case HOST_CLOSE: return call_close(all, call);
    case HOST_SHUTDOWN: return call_shutdown(all, call);
    case HOST_GETSOCKOPT: return call_getsockopt(all, call);
    case HOST_SETSOCKOPT: return call_setsockopt(all, call);
    case HOST_EPOLL_CTL: return call_epoll_ctl(all, call);
    case HOST_EPOLL_WAIT: return call_epoll_wait(all, call);
    default: return fail(call, ENOSYS);
    }
}

struct task {
    struct sockets *all;
    struct host_call *call;
};

static err call_fiber(void *arg)
{
    struct task task = *(struct task *)arg;
    struct host_call *call = task.call;
    free(arg);
    call->result = run(task.all, call);
    os_detach(call->fiber);
    call->fiber = NULL;
    host_call_done(call);
    return OK;
}

static void begin(void *ctx, struct host_call *call)
{
    struct task *task = malloc(sizeof *task);
    if (task != NULL) {
        *task = (struct task){ ctx, call };
        if (os_spawn(&call->fiber, call_fiber, task) == OK)
            return;
        free(task);
    }
    call->result = fail(call, ENOMEM);
    host_call_done(call);
}

/* Runs after each turn of the loop. Returns whether there is something to run now. */
static bool turn(void *ctx)
{
    struct sockets *all = ctx;
    for (int fd = 0; fd < HOST_FDS_MAX; fd++)
        if (all->fds[fd] != NULL && all->fds[fd]->kind == KIND_FLOW) {
            record_look(all->fds[fd]);
            notice_look(all->fds[fd]);
            usage_look(all->fds[fd]);
        }
    report_look(all);
    return poll_look(all);
}

static void close_all(struct sockets *all)
{
    for (int fd = 0; fd < HOST_FDS_MAX; fd++) {
        struct socket *socket = all->fds[fd];
        if (socket == NULL)
            continue;
        if (socket->flow != NULL)
            stack_tcp_abort(socket->flow);
        socket->flow = NULL;
        socket_free(socket);
    }
}

IO err sockets_start(struct stack *stack)
{
    struct os_waitq never = { 0 };
    struct sockets *all = calloc(1, sizeof *all);
    if (all == NULL)
        return ERR_NO_MEMORY;
    all->stack = stack;
    all->tcp = stack_get_tcp(stack);
    settings_read(all);
    inside_set("send_buffer", 1 << 30); /* buffer.c counts */
    inside_set("send_buffer_max", 1 << 30);
    host_on_turn(turn, all);
    host_on_call(begin, all);
    err e = os_wait(&never);
    host_on_call(NULL, NULL);
    host_on_turn(NULL, NULL);
    close_all(all);
    free(all->reported);
    free(all);
    return e == ERR_CANCELLED ? OK : e;
}
