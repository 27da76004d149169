/*
 * client ADDRESS WHAT SECONDS measures a server of this bench through the kernel's sockets, and prints one
 * number. WHAT is one of
 *
 *   send       Gbit/s to the discard port
 *   receive    Gbit/s from the source port
 *   pingpong   one-byte round trips a second
 *   udp        datagrams echoed a second, with WINDOW of them under way
 *   connect    connections a second, opened and closed one after the other
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/ports.h"

enum { CHUNK = 1 << 20, WINDOW = 64, WARM_UP_MS = 200 };

static char chunk[CHUNK];
static struct sockaddr_in server = { .sin_family = AF_INET };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int to(int type, unsigned port)
{
    struct timeval limit = { .tv_sec = 5 };
    int fd = socket(AF_INET, type, 0), on = 1;
    server.sin_port = htons((unsigned short)port);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (type == SOCK_STREAM)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        err(1, "port %u", port);
    return fd;
}

/* The measurement begins after the first moments, in which windows grow. */
static double bulk(double seconds, int receive)
{
    int fd = to(SOCK_STREAM, receive ? PORT_SOURCE : PORT_DISCARD);
    double begin = now() + WARM_UP_MS / 1e3, end = begin + seconds, at, bytes = 0;
    while ((at = now()) < end) {
        ssize_t n = receive ? read(fd, chunk, sizeof chunk) : write(fd, chunk, sizeof chunk);
        if (n <= 0)
            err(1, "bulk");
        bytes += at >= begin ? (double)n : 0;
    }
    close(fd);
    return bytes * 8 / seconds / 1e9;
}

static double pingpong(double seconds)
{
    int fd = to(SOCK_STREAM, PORT_ECHO);
    double end = now() + seconds;
    long count = 0;
    while (now() < end)
        for (int i = 0; i < 16; i++, count++)
            if (write(fd, "x", 1) != 1 || read(fd, chunk, 1) != 1)
                err(1, "pingpong");
    close(fd);
    return (double)count / seconds;
}

/*
 * Keep a window of datagrams under way. Each answer lets another datagram go, and a lost one is replaced
 * after a while.
 */
static double udp(double seconds)
{
    int fd = to(SOCK_DGRAM, PORT_ECHO), out = 0;
    double end = now() + seconds;
    long count = 0;
    while (now() < end) {
        while (out < WINDOW && send(fd, chunk, 64, MSG_DONTWAIT) == 64)
            out++;
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, 10) == 0) {
            out = 0;
            continue;
        }
        while (recv(fd, chunk, sizeof chunk, MSG_DONTWAIT) >= 0) {
            out -= out > 0;
            count++;
        }
    }
    close(fd);
    return (double)count / seconds;
}

static double connections(double seconds)
{
    double end = now() + seconds;
    long count = 0;
    for (; now() < end; count++) {
        int fd = to(SOCK_STREAM, PORT_CLOSE);
        if (read(fd, chunk, 1) != 0)
            err(1, "connect");
        close(fd);
    }
    return (double)count / seconds;
}

int main(int argc, char *argv[])
{
    double seconds = argc == 4 ? atof(argv[3]) : 0;
    if (seconds <= 0 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
        errx(2, "usage: client ADDRESS send|receive|pingpong|udp|connect SECONDS");
    signal(SIGPIPE, SIG_IGN);
    if (strcmp(argv[2], "send") == 0)
        printf("%.3f\n", bulk(seconds, 0));
    else if (strcmp(argv[2], "receive") == 0)
        printf("%.3f\n", bulk(seconds, 1));
    else if (strcmp(argv[2], "pingpong") == 0)
        printf("%.0f\n", pingpong(seconds));
    else if (strcmp(argv[2], "udp") == 0)
        printf("%.0f\n", udp(seconds));
    else if (strcmp(argv[2], "connect") == 0)
        printf("%.0f\n", connections(seconds));
    else
        errx(2, "%s is not measured", argv[2]);
    return 0;
}
