/*
 * Echoes on the host's sockets, to be used with socket_stack(). It uses ping sockets where
 * net.ipv4.ping_group_range allows them, and otherwise raw sockets, which need CAP_NET_RAW.
 *
 * Each echo has a socket of its own, so that the kernel sorts the replies. The kernel handles ICMP errors
 * itself, so no error event is ever raised.
 */
#include <mirage/functor.h>

#include <base/checksum/checksum.h>
#include <base/wire/wire.h>

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <platform/linux/error.h>
#include <platform/linux/fd.h>

PARAM(STACK, stack);
MODULE(ICMP_ON, icmp_socket, stack_ip);
LOG_SOURCE(icmp);

/* The most bytes that an echo may carry in an IPv4 packet. */
enum { HEADER = 8, PAYLOAD_MAX = 65535 - 20 - HEADER };

/* SOCK_DGRAM or SOCK_RAW for each family, 0 where the host allows neither. */
struct icmp_socket {
    int type_v4, type_v6;
    uint16_t last_id;
};

/* One echo that waits for its reply. */
struct echo {
    struct linux_fd fd;
    bool is_v4, is_raw;
    uint16_t id, sequence;
    size_t len;
};

/* The kind of socket that this family's echoes can have. */
static int find_type(int family, int protocol)
{
    static const int types[] = { SOCK_DGRAM, SOCK_RAW };

    for (size_t i = 0; i < 2; i++) {
        int fd = socket(family, types[i] | SOCK_CLOEXEC, protocol);
        if (fd >= 0) {
            close(fd);
            return types[i];
        }
    }
    return 0;
}

IO err icmp_socket_connect(struct icmp_socket **out, struct stack *stack)
{
    struct icmp_socket *icmp = calloc(1, sizeof *icmp);

    (void)stack; /* the stack has the host's addresses, as this module has */
    if (icmp == NULL)
        return ERR_NO_MEMORY;
    icmp->type_v4 = find_type(AF_INET, IPPROTO_ICMP);
    icmp->type_v6 = find_type(AF_INET6, IPPROTO_ICMPV6);
    if (icmp->type_v4 == 0 && icmp->type_v6 == 0) {
        log_error("the host lets this program send no ICMP: it needs CAP_NET_RAW, or its group within the "
                  "sysctl net.ipv4.ping_group_range");
        free(icmp);
        return ERR_ACCESS;
    }
    icmp->last_id = (uint16_t)getpid();
    *out = icmp;
    return OK;
}

IO void icmp_socket_disconnect(struct icmp_socket *icmp)
{
    free(icmp);
}

/* A payload that shows whether bytes were lost or moved. */
static uint8_t payload_byte(const struct echo *echo, size_t i)
{
    return (uint8_t)(i + echo->sequence);
}

static err open_echo(struct echo *echo, int type, const struct ip_addr *destination)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    int fd = socket(echo->is_v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    echo->is_v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);

    if (fd < 0)
        return linux_error(errno);
    memcpy(&v4.sin_addr, destination->bytes + 12, 4);
    memcpy(&v6.sin6_addr, destination->bytes, 16);
    err e = OK;
    if (connect(fd, echo->is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
                echo->is_v4 ? sizeof v4 : sizeof v6) < 0)
        e = linux_error(errno);
    if (e == OK)
        e = linux_fd_open(&echo->fd, fd, LINUX_FD_PACKET);
    if (e != OK)
        close(fd);
    return e;
}

/* To a ping, a closed port and a missing host are the same. */
static err failure(int number)
{
    err e = linux_error(number);
    return e == ERR_REFUSED ? ERR_UNREACHABLE : e;
}

static IO err send_request(struct echo *echo, uint8_t *packet)
{
    size_t len = HEADER + echo->len;

    memset(packet, 0, HEADER);
    packet[0] = echo->is_v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    wire_put16(packet + 4, echo->id);
    wire_put16(packet + 6, echo->sequence);
    for (size_t i = 0; i < echo->len; i++)
        packet[HEADER + i] = payload_byte(echo, i);
    /* The checksum of ICMPv6 covers the addresses, and the kernel computes it. */
    if (echo->is_v4)
        checksum_store(packet + 2, checksum_add(0, packet, len));
    for (;;) {
        TRY(linux_fd_wait_writable(&echo->fd));
        if (send(echo->fd.fd, packet, len, MSG_NOSIGNAL) >= 0)
            return OK;
        if (errno == EAGAIN)
            linux_fd_full(&echo->fd);
        else if (errno != EINTR)
            return failure(errno);
    }
}

/* Whether a packet is the reply. A raw socket is given everybody's packets, with their IPv4 headers. */
static bool is_reply(const struct echo *echo, const uint8_t *packet, size_t len)
{
    if (echo->is_raw && echo->is_v4) {
        size_t header = len > 0 ? (size_t)(packet[0] & 15) * 4 : 0;
        if (header < 20 || header > len)
            return false;
        packet += header;
        len -= header;
    }
    if (len != HEADER + echo->len || packet[0] != (echo->is_v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) ||
        wire_get16(packet + 6) != echo->sequence || (echo->is_raw && wire_get16(packet + 4) != echo->id))
        return false;
    for (size_t i = 0; i < echo->len; i++)
        if (packet[HEADER + i] != payload_byte(echo, i))
            return false;
    return true;
}

static IO err await_reply(struct echo *echo, uint8_t *packet, size_t room)
{
    for (;;) {
        TRY(linux_fd_wait_readable(&echo->fd));
        ssize_t n = recv(echo->fd.fd, packet, room, 0);
        if (n >= 0 && is_reply(echo, packet, (size_t)n))
            return OK;
        if (n < 0 && errno == EAGAIN)
            linux_fd_drained(&echo->fd);
        else if (n < 0 && errno != EINTR)
            return failure(errno);
    }
}

static IO err exchange(struct echo *echo, os_time deadline, os_time *round_trip)
{
    size_t room = HEADER + echo->len + 60;
    uint8_t *packet = malloc(room);

    if (packet == NULL)
        return ERR_NO_MEMORY;
    os_time begin = os_now();
    err e = OK;
    OS_DEADLINE(deadline)
    {
        e = send_request(echo, packet);
        if (e == OK)
            e = await_reply(echo, packet, room);
    }
    if (e == OK)
        *round_trip = os_now() - begin;
    free(packet);
    return e;
}

IO err icmp_socket_ping(struct icmp_socket *icmp, const struct ip_addr *destination, uint16_t sequence,
                        size_t len, os_time timeout, os_time *round_trip)
{
    struct echo echo = {
        .is_v4 = ip_is_v4(destination), .id = ++icmp->last_id, .sequence = sequence, .len = len
    };
    int type = echo.is_v4 ? icmp->type_v4 : icmp->type_v6;

    if (len > PAYLOAD_MAX)
        return ERR_TOO_LARGE;
    if (type == 0)
        return ERR_ACCESS;
    echo.is_raw = type == SOCK_RAW;
    TRY(open_echo(&echo, type, destination));
    err e = exchange(&echo, os_now() + timeout, round_trip);
    linux_fd_close(&echo.fd);
    return e;
}

err icmp_socket_send_error(struct icmp_socket *icmp, const struct icmp_error *error,
                           const struct ip_head *head, struct buf *payload)
{
    (void)icmp;
    (void)error;
    (void)head;
    buf_free(payload);
    return ERR_UNSUPPORTED;
}

void icmp_socket_listen_tcp(struct icmp_socket *icmp, void *ctx)
{
    (void)icmp;
    (void)ctx;
}

void icmp_socket_listen_udp(struct icmp_socket *icmp, void *ctx)
{
    (void)icmp;
    (void)ctx;
}
