/*
 * The kernel's side of bench/tcp. peer ADDRESS send|receive|pingpong|connect SECONDS [CONNECTIONS]: prints
 * Gbit/s, round trips a second, or connections a second. peer serve: the same services as the
 * unikernel's, by kernel sockets and one process a service, for the kernel's own figures.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char chunk[262144];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int opened(const char *address, int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    inet_pton(AF_INET, address, &a.sin_addr);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        perror("connect");
        exit(1);
    }
    return fd;
}

static void serve_one(int fd, int port)
{
    ssize_t n;
    if (port == 5002)
        while (write(fd, chunk, sizeof chunk) > 0)
            continue;
    else
        while ((n = read(fd, chunk, sizeof chunk)) > 0)
            if (port == 5003 && write(fd, chunk, (size_t)n) < 0)
                break;
    close(fd);
}

static void serve(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0)
        exit(1);
    for (;;)
        serve_one(accept(fd, NULL, NULL), port);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "serve") == 0) {
        for (int port = 5001; port < 5003; port++)
            if (fork() == 0)
                serve(port);
        serve(5003);
    }
    if (argc < 4)
        return 2;
    const char *address = argv[1], *what = argv[2];
    double seconds = atof(argv[3]), began, end;
    unsigned long long total = 0;
    ssize_t n;
    if (strcmp(what, "connect") == 0) {
        for (began = now(), end = began + seconds; now() < end; total++) {
            int fd = opened(address, 5003);
            struct linger hard = { 1, 0 };
            if (write(fd, "x", 1) != 1 || read(fd, chunk, 1) != 1)
                return 1;
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            close(fd);
        }
        printf("%s: %.0f connections/s\n", what, (double)total / (now() - began));
        return 0;
    }
    int fd = opened(address, strcmp(what, "send") == 0 ? 5001 : strcmp(what, "receive") == 0 ? 5002 : 5003);
    began = now();
    end = began + seconds;
    if (strcmp(what, "send") == 0) {
        while (now() < end && (n = write(fd, chunk, sizeof chunk)) > 0)
            total += (unsigned long long)n;
        printf("%s: %.2f Gbit/s\n", what, (double)total * 8 / (now() - began) / 1e9);
    } else if (strcmp(what, "receive") == 0) {
        while (now() < end && (n = read(fd, chunk, sizeof chunk)) > 0)
            total += (unsigned long long)n;
        printf("%s: %.2f Gbit/s\n", what, (double)total * 8 / (now() - began) / 1e9);
    } else {
        for (; now() < end; total++)
            if (write(fd, "x", 1) != 1 || read(fd, chunk, 1) != 1)
                return 1;
        printf("%s: %.0f round trips/s\n", what, (double)total / (now() - began));
    }
    return 0;
}
