/* Shared by the tests of the socket stack. */
#ifndef TEST_DEVICES_STACK_TEST_H
#define TEST_DEVICES_STACK_TEST_H

#include <mirage/functor.h>

#include <dirent.h>
#include <stdlib.h>

#include "test/support/test.h"

MODULE(STACK, socket_stack);
err socket_stack_connect(struct socket_stack **out);

#define LOOPBACK4 IP_V4(127, 0, 0, 1)
#define LOOPBACK6 ((struct ip_addr){ .bytes = { [15] = 1 } })

typedef struct socket_stack_tcp_flow flow;

struct pair {
    struct socket_stack *stack;
    struct socket_stack_tcp *tcp;
    struct socket_stack_tcp_listener *listener;
    flow *client, *server;
};

static inline err pair_open(struct pair *p, struct ip_addr addr)
{
    struct endpoint peer = { .addr = addr };

    *p = (struct pair){ 0 };
    TRY(socket_stack_connect(&p->stack));
    p->tcp = socket_stack_get_tcp(p->stack);
    TRY(socket_stack_tcp_listen(p->tcp, &addr, 0, 16, &p->listener));
    peer.port = socket_stack_tcp_listener_port(p->listener);
    TRY(socket_stack_tcp_open(p->tcp, &peer, &p->client));
    return socket_stack_tcp_accept(p->listener, &p->server);
}

static inline void pair_close(struct pair *p)
{
    if (p->client)
        socket_stack_tcp_close(p->client);
    if (p->server)
        socket_stack_tcp_close(p->server);
    socket_stack_tcp_unlisten(p->listener);
    socket_stack_disconnect(p->stack);
}

static inline size_t count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Read until the end or an error, which is returned. `total` receives the number of bytes. */
static inline err read_all(flow *f, size_t *total)
{
    for (;;) {
        struct buf *b;
        TRY(socket_stack_tcp_read(f, &b));
        *total += buf_len(b);
        buf_free(b);
    }
}

static inline err write_text(flow *f, const char *text)
{
    return socket_stack_tcp_write(f, buf_copy(text, strlen(text)));
}

static inline void expect_text(flow *f, const char *text)
{
    char got[256] = "";
    size_t len = 0;

    while (len < strlen(text)) {
        struct buf *b;
        err e = socket_stack_tcp_read(f, &b);
        CHECK_EQUAL(e, OK);
        if (e != OK)
            return;
        CHECK(len + buf_len(b) < sizeof got);
        IGNORE(buf_read_copy(b, 0, got + len, buf_len(b)));
        len += buf_len(b);
        buf_free(b);
    }
    CHECK(strcmp(got, text) == 0);
}

#endif
