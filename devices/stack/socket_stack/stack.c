#include "socket_stack.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ARG_IP(listen_on, NULL, "listen on this address instead of on every one");

IO err socket_stack_connect(struct socket_stack **out)
{
    struct socket_stack *stack = calloc(1, sizeof *stack);

    if (!stack)
        return ERR_NO_MEMORY;
    stack->listen_on = listen_on;
    stack->ip.stack = stack;
    stack->udp.stack = stack;
    stack->tcp.stack = stack;
    if (gethostname(stack->hostname, sizeof stack->hostname - 1) < 0)
        stack->hostname[0] = '\0';
    *out = stack;
    return OK;
}

IO void socket_stack_disconnect(struct socket_stack *stack)
{
    while (stack->tcp.lingering.first != NULL)
        linger_end(stack->tcp.lingering.first);
    free(stack);
}

struct socket_stack_ip *socket_stack_get_ip(struct socket_stack *stack)
{
    return &stack->ip;
}

struct socket_stack_udp *socket_stack_get_udp(struct socket_stack *stack)
{
    return &stack->udp;
}

struct socket_stack_tcp *socket_stack_get_tcp(struct socket_stack *stack)
{
    return &stack->tcp;
}

const char *socket_stack_hostname(struct socket_stack *stack)
{
    return stack->hostname;
}

INTERNAL socklen_t address_make(union address *out, int family, const struct ip_addr *addr, uint16_t port)
{
    memset(out, 0, sizeof *out);
    if (family == AF_INET6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        memcpy(&out->v6.sin6_addr, addr->bytes, 16);
        return sizeof out->v6;
    }
    if (!ip_is_v4(addr) && !ip_is_any(addr))
        return 0;
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(port);
    memcpy(&out->v4.sin_addr, addr->bytes + 12, 4);
    return sizeof out->v4;
}

INTERNAL void address_read(struct endpoint *out, const union address *address)
{
    *out = (struct endpoint){ 0 };
    if (address->any.sa_family == AF_INET) {
        out->addr = IP_V4(0, 0, 0, 0);
        memcpy(out->addr.bytes + 12, &address->v4.sin_addr, 4);
        out->port = ntohs(address->v4.sin_port);
    } else if (address->any.sa_family == AF_INET6) {
        memcpy(out->addr.bytes, &address->v6.sin6_addr, 16);
        out->port = ntohs(address->v6.sin6_port);
    }
}

static err bind_family(int type, int family, const struct ip_addr *local, uint16_t port, int *out)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, off = 0;
    union address address;
    socklen_t len = address_make(&address, family, local, port);

    if (fd < 0)
        return linux_error(errno);
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    /* For TCP: to listen where old connections linger. For UDP it would let two share a port. */
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address.any, len) < 0) {
        err e = linux_error(errno);
        close(fd);
        return e;
    }
    *out = fd;
    return OK;
}

INTERNAL err bound_socket(const struct socket_stack *stack, int type, const struct ip_addr *local,
                          uint16_t port, int *out, int *family)
{
    err e;

    if (ip_is_any(local))
        local = &stack->listen_on;
    *family = ip_is_v4(local) ? AF_INET : AF_INET6;
    e = bind_family(type, *family, local, port, out);
    if (ip_is_any(local) && (e == ERR_UNSUPPORTED || e == ERR_ADDRESS_NOT_HERE)) {
        log_debug("no IPv6 here: using IPv4 alone");
        *family = AF_INET;
        e = bind_family(type, *family, local, port, out);
    }
    return e == ERR_UNSUPPORTED ? ERR_ADDRESS_NOT_HERE : e;
}

INTERNAL void local_endpoint(int fd, struct endpoint *out)
{
    union address address = { 0 };
    socklen_t len = sizeof address;

    getsockname(fd, &address.any, &len);
    address_read(out, &address);
}

INTERNAL size_t vector_make(struct iovec vector[VECTOR], const struct buf *chain, size_t skip)
{
    size_t count = 0;

    for (; chain && count < VECTOR; chain = chain->next) {
        if (chain->len > skip)
            vector[count++] = (struct iovec){ chain->data + skip, chain->len - skip };
        skip -= chain->len < skip ? chain->len : skip;
    }
    return count;
}
