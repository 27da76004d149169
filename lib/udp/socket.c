/* Sockets. Each is bound to a port and has a bounded queue. */
#include "udp.h"

#include <stdlib.h>

static struct udp_socket **head_of(struct udp *udp, uint16_t port)
{
    return &udp->heads[port % UDP_HEADS];
}

INTERNAL struct udp_socket *udp_find(struct udp *udp, const struct ip_addr *local, uint16_t port)
{
    struct udp_socket *every = NULL;

    for (struct udp_socket *s = *head_of(udp, port); s != NULL; s = s->next) {
        if (s->port != port)
            continue;
        if (ip_is_any(&s->local))
            every = s;
        else if (ip_equal(&s->local, local))
            return s;
    }
    return every;
}

/* A socket on every address occupies its port on each of them. */
static bool is_taken(struct udp *udp, const struct ip_addr *local, uint16_t port)
{
    for (struct udp_socket *s = *head_of(udp, port); s != NULL; s = s->next)
        if (s->port == port && (ip_is_any(local) || ip_is_any(&s->local) || ip_equal(local, &s->local)))
            return true;
    return false;
}

/* RFC 6056, section 3.3.1: from a random port on, the first that is free. */
static err choose_port(struct udp *udp, const struct ip_addr *local, uint16_t *out)
{
    uint32_t first = random_below(udp->random, UDP_EPHEMERAL_COUNT);

    for (uint32_t i = 0; i < UDP_EPHEMERAL_COUNT; i++) {
        uint16_t port = (uint16_t)(UDP_EPHEMERAL_FIRST + (first + i) % UDP_EPHEMERAL_COUNT);
        if (!is_taken(udp, local, port)) {
            *out = port;
            return OK;
        }
    }
    return ERR_ADDRESS_IN_USE;
}

err udp_bind(struct udp *udp, const struct ip_addr *local, uint16_t port, struct udp_socket **out)
{
    /* "0.0.0.0" means every IPv4 address. Sockets here serve both versions, so it means every address. */
    bool every = ip_is_any(local) || (ip_is_v4(local) && wire_get32(local->bytes + 12) == 0);
    struct ip_addr address = every ? IP_ANY : *local;

    if (!every && !ip_has(udp->ip, local))
        return ERR_ADDRESS_NOT_HERE;
    if (port != 0 && is_taken(udp, &address, port))
        return ERR_ADDRESS_IN_USE;
    if (udp->socket_count >= (size_t)key_sockets_max)
        return ERR_NO_SPACE;
    if (port == 0)
        TRY(choose_port(udp, &address, &port));
    struct udp_socket *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    *s = (struct udp_socket){ .next = *head_of(udp, port), .udp = udp, .local = address, .port = port };
    *head_of(udp, port) = s;
    udp->socket_count++;
    udp->sockets.value++;
    *out = s;
    return OK;
}

uint16_t udp_port(struct udp_socket *socket)
{
    return socket->port;
}

void udp_unbind(struct udp_socket *socket)
{
    struct udp_socket **link = head_of(socket->udp, socket->port);

    while (*link != socket)
        link = &(*link)->next;
    *link = socket->next;
    socket->udp->socket_count--;
    socket->udp->sockets.value--;
    for (; socket->count > 0; socket->count--)
        buf_free(socket->queue[socket->head++ & (socket->room - 1)].payload);
    os_fail_all(&socket->readers, ERR_CLOSED);
    free(socket->queue);
    free(socket);
}

/* The queue grows as it is used, so that an idle socket is small. */
static bool make_room(struct udp_socket *s)
{
    size_t room = s->room == 0 ? 4 : s->room * 2;

    if (s->count < s->room)
        return true;
    if (room > (size_t)key_queue_max)
        return false;
    struct udp_datagram *queue = malloc(room * sizeof *queue);
    if (queue == NULL)
        return false;
    for (size_t i = 0; i < s->count; i++)
        queue[i] = s->queue[(s->head + i) & (s->room - 1)];
    free(s->queue);
    s->queue = queue;
    s->room = room;
    s->head = 0;
    return true;
}

INTERNAL void udp_enqueue(struct udp_socket *s, const struct ip_addr *from, uint16_t port,
                          struct buf *payload)
{
    size_t pinned = buf_pinned(payload);

    if (s->pinned + pinned > (size_t)key_queue_bytes_max) {
        payload = buf_compact(payload);
        pinned = buf_pinned(payload);
    }
    if (s->pinned + pinned > (size_t)key_queue_bytes_max || !make_room(s)) {
        metric_add(&s->udp->queue_full, 1);
        log_debug("dropped a datagram: the queue of port %u is full", s->port);
        buf_free(payload);
        return;
    }
    s->queue[(s->head + s->count++) & (s->room - 1)] = (struct udp_datagram){ { *from, port }, payload };
    s->pinned += pinned;
    s->refused = false;
    os_wake_one(&s->readers);
}

IO err udp_receive(struct udp_socket *socket, struct endpoint *from, struct buf **out)
{
    for (;;) {
        if (socket->refused) {
            socket->refused = false;
            return ERR_REFUSED;
        }
        if (socket->count > 0)
            break;
        TRY(os_wait(&socket->readers));
    }
    struct udp_datagram *first = &socket->queue[socket->head & (socket->room - 1)];
    socket->head++;
    socket->count--;
    socket->pinned -= buf_pinned(first->payload);
    socket->heard = first->from;
    if (from != NULL)
        *from = first->from;
    *out = first->payload;
    return OK;
}
