/*
 * Makes system calls with a script's arguments and compares their results. A call that the script expects to
 * block runs in a thread, while the script goes on.
 */
#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

enum { ARGUMENTS_MAX = 8, VECTORS_MAX = 16 };

/* A call that is being made: the script's event, and the call's arguments. */
struct call {
    struct drive *d;
    const struct event *event;
    const struct expr *args[ARGUMENTS_MAX];
    size_t count;
    int64_t result;
    int error;
    int64_t ended;
};

static _Noreturn void wrong(const struct call *c, const char *what)
{
    drive_fail(c->d, c->event, "%s: %s", c->event->call.name, what);
}

static const struct expr *argument(const struct call *c, size_t i)
{
    if (i >= c->count)
        wrong(c, "an argument is missing");
    return c->args[i];
}

static int64_t number(const struct call *c, size_t i)
{
    if (argument(c, i)->kind != EXPR_NUMBER)
        wrong(c, "an argument must be a number here");
    return c->args[i]->number;
}

static int live_fd(const struct call *c, int64_t fd)
{
    return fd >= 0 && fd < FDS_MAX ? c->d->fds[fd] : -1;
}

static int fd_argument(const struct call *c)
{
    return live_fd(c, number(c, 0));
}

/* The number in [n], or a field of the list {a=…, b=…}. */
static int64_t inner(const struct call *c, const struct expr *e, const char *field, int64_t missing)
{
    for (const struct expr *item = e->items; item != NULL; item = item->next)
        if (field == NULL || (item->name != NULL && strcmp(item->name, field) == 0))
            return item->number;
    if (field == NULL)
        wrong(c, "a [number] is expected here");
    return missing;
}

static socklen_t address_of(const struct drive *d, const struct end *end, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (!d->v6_sockets) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(end->port);
        memcpy(&in->sin_addr, end->address, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(end->port);
    if (d->v6) {
        memcpy(&in6->sin6_addr, end->address, 16);
    } else {
        memset(in6->sin6_addr.s6_addr + 10, 0xff, 2);
        memcpy(in6->sin6_addr.s6_addr + 12, end->address, 4);
    }
    return sizeof *in6;
}

/* Read the vectors of a script: [{..., 1000}, {..., 20}]. */
static int vectors(const struct call *c, size_t i, struct iovec *out)
{
    int n = 0;
    for (const struct expr *e = argument(c, i)->items; e != NULL && n < VECTORS_MAX; e = e->next, n++) {
        size_t len = e->items == NULL || e->items->next == NULL ? 0 : (size_t)e->items->next->number;
        out[n] = (struct iovec){ calloc(1, len + 1), len };
    }
    return n;
}

static void vectors_free(struct iovec *iov, int count)
{
    while (count-- > 0)
        free(iov[count].iov_base);
}

/* Send to the script's peer, which only MSG_FASTOPEN does. */
static int64_t send_to(struct call *c, int fd, const void *bytes, size_t len, int flags)
{
    struct sockaddr_storage address;
    socklen_t address_len = address_of(c->d, &c->d->remote, &address);
    return c->d->stack.sendto(c->d->stack.self, fd, bytes, len, flags, (struct sockaddr *)&address,
                              address_len);
}

static int64_t transfer(struct call *c, const char *name)
{
    struct packetdrill_interface *s = &c->d->stack;
    int fd = fd_argument(c);
    size_t len = (size_t)number(c, 2);
    int flags = c->count > 3 ? (int)number(c, 3) : 0, error;
    char *bytes = calloc(1, len + 1);
    int64_t n = -1;
    if (strcmp(name, "read") == 0)
        n = s->read(s->self, fd, bytes, len);
    else if (strcmp(name, "write") == 0)
        n = s->write(s->self, fd, bytes, len);
    else if (strcmp(name, "recv") == 0)
        n = s->recv(s->self, fd, bytes, len, flags);
    else if (strcmp(name, "send") == 0)
        n = s->send(s->self, fd, bytes, len, flags);
    else if (strcmp(name, "recvfrom") == 0)
        n = s->recvfrom(s->self, fd, bytes, len, flags, NULL, NULL);
    else
        n = send_to(c, fd, bytes, len, flags);
    error = errno;
    free(bytes);
    errno = error;
    return n;
}

static int64_t transfer_vectors(struct call *c, bool write)
{
    struct packetdrill_interface *s = &c->d->stack;
    struct iovec iov[VECTORS_MAX];
    int count = vectors(c, 1, iov), fd = fd_argument(c);
    int64_t n = write ? s->writev(s->self, fd, iov, count) : s->readv(s->self, fd, iov, count);
    int error = errno;
    vectors_free(iov, count);
    errno = error;
    return n;
}

static int64_t set_option(struct call *c)
{
    struct packetdrill_interface *s = &c->d->stack;
    const struct expr *value = argument(c, 3);
    int level = (int)number(c, 1), name = (int)number(c, 2), fd = fd_argument(c);
    if (value->kind == EXPR_STRING)
        return s->setsockopt(s->self, fd, level, name, value->text, (socklen_t)strlen(value->text));
    if (value->kind == EXPR_FIELDS) {
        struct linger linger = { (int)inner(c, value, "onoff", 0), (int)inner(c, value, "linger", 0) };
        return s->setsockopt(s->self, fd, level, name, &linger, sizeof linger);
    }
    int n = (int)inner(c, value, NULL, 0);
    return s->setsockopt(s->self, fd, level, name, &n, sizeof n);
}

static int64_t get_option(struct call *c)
{
    struct packetdrill_interface *s = &c->d->stack;
    const struct expr *value = argument(c, 3);
    int level = (int)number(c, 1), name = (int)number(c, 2), fd = fd_argument(c);
    union {
        int number;
        struct linger linger;
        char text[64];
    } u = { 0 };
    socklen_t len = level == SOL_SOCKET && name == SO_LINGER ? sizeof u.linger
                    : value->kind == EXPR_STRING             ? sizeof u.text
                                                             : sizeof u.number;
    int result = s->getsockopt(s->self, fd, level, name, &u, &len);
    if (result != 0)
        return result;
    if (value->kind == EXPR_STRING && strncmp(value->text, u.text, sizeof u.text) != 0)
        wrong(c, "the text is another");
    if (value->kind == EXPR_LIST && inner(c, value, NULL, 0) != u.number) {
        char text[60];
        snprintf(text, sizeof text, "the value is %d", u.number);
        wrong(c, text);
    }
    return result;
}

static int64_t run_poll(struct call *c)
{
    struct packetdrill_interface *s = &c->d->stack;
    struct pollfd fds[VECTORS_MAX] = { 0 };
    nfds_t n = 0;
    for (const struct expr *e = argument(c, 0)->items; e != NULL && n < VECTORS_MAX; e = e->next, n++) {
        fds[n].fd = live_fd(c, inner(c, e, "fd", -1));
        fds[n].events = (short)inner(c, e, "events", 0);
    }
    int result = s->poll(s->self, fds, n, (int)number(c, 2)), error = errno;
    n = 0;
    for (const struct expr *e = argument(c, 0)->items; e != NULL && result >= 0; e = e->next, n++) {
        int64_t wanted = inner(c, e, "revents", -1);
        if (wanted >= 0 && fds[n].revents != wanted) {
            char text[60];
            snprintf(text, sizeof text, "revents is 0x%x, not 0x%x", fds[n].revents, (unsigned)wanted);
            wrong(c, text);
        }
    }
    errno = error;
    return result;
}

static int64_t run_ioctl(struct call *c)
{
    struct packetdrill_interface *s = &c->d->stack;
    int value = 0;
    int result = s->ioctl(s->self, fd_argument(c), (unsigned long)number(c, 1), &value);
    if (result == 0 && c->count > 2 && inner(c, c->args[2], NULL, 0) != value) {
        char text[60];
        snprintf(text, sizeof text, "the value is %d", value);
        wrong(c, text);
    }
    return result;
}

static int64_t run_fcntl(struct call *c)
{
    struct packetdrill_interface *s = &c->d->stack;
    int command = (int)number(c, 1);
    return s->fcntl(s->self, fd_argument(c), command, command == F_SETFL ? (int)number(c, 2) : 0);
}

static int64_t with_address(struct call *c, bool bind)
{
    struct packetdrill_interface *s = &c->d->stack;
    struct sockaddr_storage address;
    socklen_t len = address_of(c->d, bind ? &c->d->local : &c->d->remote, &address);
    if (bind)
        return s->bind(s->self, fd_argument(c), (struct sockaddr *)&address, len);
    return s->connect(s->self, fd_argument(c), (struct sockaddr *)&address, len);
}

static int64_t run_epoll(struct call *c, bool wait)
{
    struct packetdrill_interface *s = &c->d->stack;
    struct epoll_event event = { 0 };
    int epfd = fd_argument(c);
    const struct expr *e = argument(c, wait ? 1 : 3);
    if (!wait) {
        event.events = (uint32_t)inner(c, e, "events", 0);
        event.data.u64 = (uint64_t)inner(c, e, "fd", number(c, 2));
        return s->epoll_ctl(s->self, epfd, (int)number(c, 1), live_fd(c, number(c, 2)), &event);
    }
    int result = s->epoll_wait(s->self, epfd, &event, 1, (int)number(c, 3));
    int64_t wanted = inner(c, e, "events", -1);
    if (result > 0 && wanted >= 0 && (int64_t)event.events != wanted) {
        char text[60];
        snprintf(text, sizeof text, "events is 0x%x, not 0x%x", event.events, (unsigned)wanted);
        wrong(c, text);
    }
    return result;
}

static int64_t make_call(struct call *c)
{
    struct packetdrill_interface *s = &c->d->stack;
    const char *name = c->event->call.name;
    static const char *const transfers[] = { "read", "write", "recv", "send", "recvfrom", "sendto" };
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++)
        if (strcmp(name, transfers[i]) == 0)
            return transfer(c, name);
    if (strcmp(name, "socket") == 0) {
        c->d->connected = c->d->isn_known = false; /* the next connection is another one */
        c->d->timestamp_count = 0;
        return s->socket(s->self, c->d->v6_sockets ? AF_INET6 : AF_INET, (int)number(c, 1),
                         (int)number(c, 2));
    }
    if (strcmp(name, "bind") == 0 || strcmp(name, "connect") == 0)
        return with_address(c, name[0] == 'b');
    if (strcmp(name, "listen") == 0)
        return s->listen(s->self, fd_argument(c), (int)number(c, 1));
    if (strcmp(name, "accept") == 0)
        return s->accept(s->self, fd_argument(c), NULL, NULL);
    if (strcmp(name, "readv") == 0 || strcmp(name, "writev") == 0)
        return transfer_vectors(c, name[0] == 'w');
    if (strcmp(name, "setsockopt") == 0)
        return set_option(c);
    if (strcmp(name, "getsockopt") == 0)
        return get_option(c);
    if (strcmp(name, "fcntl") == 0)
        return run_fcntl(c);
    if (strcmp(name, "ioctl") == 0)
        return run_ioctl(c);
    if (strcmp(name, "poll") == 0)
        return run_poll(c);
    if (strcmp(name, "close") == 0)
        return s->close(s->self, fd_argument(c));
    if (strcmp(name, "shutdown") == 0)
        return s->shutdown(s->self, fd_argument(c), (int)number(c, 1));
    if (strcmp(name, "epoll_create") == 0)
        return s->epoll_create(s->self, 1);
    if (strcmp(name, "epoll_ctl") == 0 || strcmp(name, "epoll_wait") == 0)
        return run_epoll(c, name[6] == 'w');
    wrong(c, "this call is not known");
}

static void check_result(struct call *c)
{
    const struct call_spec *spec = &c->event->call;
    int64_t wanted = spec->result->number;
    bool makes_fd = strcmp(spec->name, "socket") == 0 || strcmp(spec->name, "accept") == 0 ||
                    strcmp(spec->name, "epoll_create") == 0;
    int64_t error = 0;
    if (spec->error != NULL && !symbol_value(spec->error, &error))
        drive_fail(c->d, c->event, "'%s' is not known", spec->error);
    if (c->result < 0 && wanted >= 0)
        drive_fail(c->d, c->event, "%s failed with %s, and not %lld", spec->name, errno_name(c->error),
                   (long long)wanted);
    if (makes_fd && wanted >= 0 && wanted < FDS_MAX)
        c->d->connection = c->d->fds[wanted] = (int)c->result;
    else if (spec->result->kind != EXPR_ANY && c->result != wanted)
        drive_fail(c->d, c->event, "%s gave %lld, not %lld", spec->name, (long long)c->result,
                   (long long)wanted);
    if (error != 0 && error != c->error)
        drive_fail(c->d, c->event, "%s failed with %s, not %s", spec->name, errno_name(c->error),
                   spec->error);
}

static void begin(struct call *c, struct drive *d, const struct event *event)
{
    *c = (struct call){ .d = d, .event = event };
    for (const struct expr *e = event->call.arguments; e != NULL && c->count < ARGUMENTS_MAX; e = e->next)
        c->args[c->count++] = e;
}

/* The one call that blocks. */
static struct {
    struct call call;
    pthread_t thread;
    pid_t tid;
    bool busy, done;
} blocked;

static void *blocked_run(void *arg)
{
    (void)arg;
    __atomic_store_n(&blocked.tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
    blocked.call.result = make_call(&blocked.call);
    blocked.call.error = errno;
    blocked.call.ended = drive_now(blocked.call.d);
    __atomic_store_n(&blocked.done, true, __ATOMIC_RELEASE);
    return NULL;
}

static bool blocked_sleeps(void)
{
    char path[64], text[256] = "";
    pid_t tid = __atomic_load_n(&blocked.tid, __ATOMIC_ACQUIRE);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    FILE *file = tid == 0 ? NULL : fopen(path, "r");
    if (file == NULL)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *state = strrchr(text, ')');
    return state != NULL && state[1] == ' ' && state[2] == 'S';
}

/* Wait until the call that blocked has ended, before another call is made. */
static void await_blocked(struct drive *d, const struct event *event)
{
    struct timespec limit;
    if (!blocked.busy)
        return;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 2;
    if (pthread_timedjoin_np(blocked.thread, NULL, &limit) != 0)
        drive_fail(d, event, "%s of line %d still blocks", blocked.call.event->call.name,
                   blocked.call.event->line);
    blocked.busy = false;
    check_result(&blocked.call);
    int64_t end = blocked.call.event->call.end + blocked.call.d->blocked_base;
    drive_check_time(d, blocked.call.event, end, end, blocked.call.ended, "the call returned");
}

void call_finish(struct drive *d)
{
    await_blocked(d, d->event);
}

void call_run(struct drive *d, const struct event *event)
{
    struct call call;
    await_blocked(d, event);
    if (event->call.end < 0) {
        begin(&call, d, event);
        call.result = make_call(&call);
        call.error = errno;
        check_result(&call);
        return;
    }
    begin(&blocked.call, d, event);
    blocked.busy = true;
    blocked.done = false;
    blocked.tid = 0;
    d->blocked_base = event->time == TIME_ABSOLUTE ? 0 : drive_now(d) - event->at;
    if (pthread_create(&blocked.thread, NULL, blocked_run, NULL) != 0)
        drive_fail(d, event, "no thread");
    while (!__atomic_load_n(&blocked.done, __ATOMIC_ACQUIRE) && !blocked_sleeps())
        sched_yield();
}
