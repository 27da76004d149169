/*
 * The services of the bench on the kernel's sockets, in one thread with epoll. The argument is how many
 * microseconds it polls before it sleeps.
 */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/ports.h"

enum { CHUNK = 262144, BATCH = 64 };

static char chunk[CHUNK];

/* epoll returns a descriptor and the port that it serves. Two kinds of descriptor have a bit of their own. */
enum { LISTENER = 1 << 16, DATAGRAMS = 1 << 17 };

static void watch(int epoll, int fd, uint32_t events, uint32_t service)
{
    struct epoll_event e = { .events = events, .data.u64 = (uint64_t)service << 32 | (uint32_t)fd };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
        err(1, "epoll_ctl");
}

static void serve(int epoll, int type, uint16_t port)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 ||
        (type == SOCK_STREAM && listen(fd, 1024) != 0))
        err(1, "port %u", port);
    watch(epoll, fd, EPOLLIN, port | (type == SOCK_STREAM ? LISTENER : DATAGRAMS));
}

static void accept_all(int epoll, int listener, uint16_t port)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (port == PORT_CLOSE) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, fd, port == PORT_SOURCE ? EPOLLOUT : EPOLLIN, port);
    }
}

static void echo_datagrams(int fd)
{
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    for (int i = 0; i < BATCH; i++, len = sizeof from) {
        ssize_t n = recvfrom(fd, chunk, sizeof chunk, 0, (struct sockaddr *)&from, &len);
        if (n < 0)
            return;
        sendto(fd, chunk, (size_t)n, 0, (struct sockaddr *)&from, len);
    }
}

static void transfer(int fd, uint16_t port)
{
    ssize_t n = port == PORT_SOURCE ? write(fd, chunk, sizeof chunk) : read(fd, chunk, sizeof chunk);
    if (n > 0 && port == PORT_ECHO)
        n = write(fd, chunk, (size_t)n);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        close(fd);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int wait_events(int epoll, struct epoll_event *events, double most)
{
    double until = most > 0 ? now() + most : 0;
    int n = 0;
    while (n == 0 && until > 0 && now() < until)
        n = epoll_wait(epoll, events, BATCH, 0);
    return n != 0 ? n : epoll_wait(epoll, events, BATCH, -1);
}

int main(int argc, char *argv[])
{
    struct epoll_event events[BATCH];
    double most = argc > 1 ? atof(argv[1]) / 1e6 : 0;
    int epoll = epoll_create1(0);
    signal(SIGPIPE, SIG_IGN);
    serve(epoll, SOCK_STREAM, PORT_DISCARD);
    serve(epoll, SOCK_STREAM, PORT_SOURCE);
    serve(epoll, SOCK_STREAM, PORT_ECHO);
    serve(epoll, SOCK_STREAM, PORT_CLOSE);
    serve(epoll, SOCK_DGRAM, PORT_ECHO);
    fprintf(stderr, "ready\n");
    for (;;) {
        int n = wait_events(epoll, events, most);
        for (int i = 0; i < n; i++) {
            int fd = (int)(uint32_t)events[i].data.u64;
            uint32_t service = (uint32_t)(events[i].data.u64 >> 32);
            if (service & LISTENER)
                accept_all(epoll, fd, (uint16_t)service);
            else if (service & DATAGRAMS)
                echo_datagrams(fd);
            else
                transfer(fd, (uint16_t)service);
        }
    }
}
