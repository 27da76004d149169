#include "udp.h"

#include <stdlib.h>

static const struct metric_row metrics[] = {
    METRIC_ROW(struct udp, in, COUNTER, "udp.in", "datagrams received"),
    METRIC_ROW(struct udp, out, COUNTER, "udp.out", "datagrams sent"),
    METRIC_ROW(struct udp, sockets, GAUGE, "udp.sockets", "bound sockets"),
    METRIC_ROW(struct udp, malformed, COUNTER, "udp.malformed", "malformed datagrams"),
    METRIC_ROW(struct udp, checksum_wrong, COUNTER, "udp.checksum_wrong", "datagrams with a wrong checksum"),
    METRIC_ROW(struct udp, queue_full, COUNTER, "udp.queue_full",
               "datagrams dropped because nobody took those before"),
    METRIC_ROW(struct udp, port_closed, COUNTER, "udp.port_closed",
               "datagrams to ports that nobody has bound"),
};

IO err udp_connect(struct udp **out, struct ip *ip, struct icmp *icmp, struct random *random)
{
    struct udp *udp = calloc(1, sizeof *udp);

    if (udp == NULL)
        return ERR_NO_MEMORY;
    udp->ip = ip;
    udp->icmp = icmp;
    udp->random = random;
    udp->checksum_out = (ip_offloads(ip) & NETWORK_CSUM_OUT) != 0;
    metric_register(metrics, udp, INSTANCE_NAME);
    ip_listen_udp(ip, udp);
    icmp_listen_udp(icmp, udp);
    *out = udp;
    return OK;
}

IO void udp_disconnect(struct udp *udp)
{
    ip_listen_udp(udp->ip, NULL);
    icmp_listen_udp(udp->icmp, NULL);
    for (size_t i = 0; i < UDP_HEADS; i++)
        while (udp->heads[i] != NULL)
            udp_unbind(udp->heads[i]);
    metric_unregister(metrics, udp);
    free(udp);
}

static bool checksum_holds(const struct udp_header *h, const struct ip_head *head, const struct buf *b)
{
    if (b->csum != BUF_CSUM_UNKNOWN)
        return true;
    /* RFC 8200, section 8.1: over IPv6 the checksum is mandatory. */
    if (h->checksum == 0)
        return ip_is_v4(&head->source);
    uint32_t sum = checksum_pseudo(&head->source, &head->destination, IP_PROTOCOL_UDP, h->length);
    return checksum_is_valid(checksum_add_buf(sum, b, 0, h->length));
}

void ip_on_udp(void *ctx, struct buf *b, const struct ip_head *head)
{
    struct udp *udp = ctx;
    struct udp_header h;
    size_t total = buf_len(b);

    if (b->len < UDP_HEADER && total >= UDP_HEADER && (b = buf_pull_up(b, UDP_HEADER)) == NULL)
        return;
    if (udp_parse(&h, b->data, b->len, total) != OK) {
        metric_add(&udp->malformed, 1);
        buf_free(b);
        return;
    }
    if (!checksum_holds(&h, head, b)) {
        metric_add(&udp->checksum_wrong, 1);
        log_debug("dropped a datagram with a wrong checksum");
        buf_free(b);
        return;
    }
    struct udp_socket *socket = udp_find(udp, &head->destination, h.destination);
    if (socket == NULL) {
        struct icmp_error error = { .kind = ICMP_UNREACHABLE_PORT };
        metric_add(&udp->port_closed, 1);
        log_debug("nobody listens to port %u", h.destination);
        IGNORE(icmp_send_error(udp->icmp, &error, head, b));
        return;
    }
    metric_add(&udp->in, 1);
    if (total > h.length)
        buf_truncate(b, h.length);
    b = buf_advance(b, UDP_HEADER);
    if (b != NULL)
        b->csum = BUF_CSUM_UNKNOWN; /* the application may build another packet from it */
    udp_enqueue(socket, &head->source, h.source, b);
}

static bool is_same(const struct endpoint *a, const struct ip_addr *addr, uint16_t port)
{
    return a->port == port && ip_equal(&a->addr, addr);
}

/* The index of a peer among the latest, or UDP_PEERS. */
static uint8_t peer_of(const struct udp_socket *s, const struct ip_addr *addr, uint16_t port)
{
    uint8_t i = 0;
    while (i < UDP_PEERS && !is_same(&s->peers[i], addr, port))
        i++;
    return i;
}

/*
 * RFC 1122, section 4.1.3.3. An error counts only when it quotes a datagram to one of the socket's latest
 * destinations. It ends a receiver's wait only for the latest datagram, and not when that was an answer:
 * otherwise a client could stop a server by closing its port.
 */
void icmp_on_udp_error(void *ctx, const struct icmp_error *error)
{
    struct udp *udp = ctx;
    const struct ip_addr *destination = &error->head.destination;
    uint16_t port = wire_get16(error->transport + UDP_DESTINATION);
    struct udp_socket *s = udp_find(udp, &error->head.source, wire_get16(error->transport + UDP_SOURCE));
    uint8_t peer = s == NULL ? UDP_PEERS : peer_of(s, destination, port);

    if (peer == UDP_PEERS)
        return;
    if (error->kind == ICMP_TOO_BIG) {
        ip_reduce_mtu(udp->ip, destination, error->mtu);
    } else if (error->kind == ICMP_UNREACHABLE_PORT && peer == s->latest && !s->answers && s->count == 0) {
        s->refused = true;
        os_wake_one(&s->readers);
    }
}

static void remember(struct udp_socket *s, const struct endpoint *to)
{
    s->refused = false;
    s->answers = is_same(&s->heard, &to->addr, to->port);
    if (is_same(&s->peers[s->latest], &to->addr, to->port))
        return;
    s->latest = peer_of(s, &to->addr, to->port);
    if (s->latest < UDP_PEERS)
        return;
    s->latest = s->next_peer;
    s->peers[s->next_peer] = *to;
    s->next_peer = (uint8_t)((s->next_peer + 1) % UDP_PEERS);
}

static void put_checksum(const struct udp *udp, const struct ip_head *head, struct buf *b, size_t len)
{
    uint32_t sum = checksum_pseudo(&head->source, &head->destination, IP_PROTOCOL_UDP, (uint32_t)len);

    if (udp->checksum_out) {
        checksum_store_partial(b->data + UDP_CHECKSUM, sum);
        b->csum = BUF_CSUM_PARTIAL;
        b->csum_start = 0;
        b->csum_offset = UDP_CHECKSUM;
    } else {
        checksum_store_udp(b->data + UDP_CHECKSUM, checksum_add_buf(sum, b, 0, len));
        b->csum = BUF_CSUM_UNKNOWN;
    }
}

static err send_datagram(struct udp_socket *s, const struct endpoint *to, struct buf *payload, size_t len)
{
    struct udp *udp = s->udp;
    struct ip_head head = { .source = s->local, .destination = to->addr, .protocol = IP_PROTOCOL_UDP };
    err e = OK;

    if (ip_is_any(&head.source))
        e = ip_source(udp->ip, &to->addr, &head.source);
    else if (ip_is_v4(&head.source) != ip_is_v4(&to->addr))
        e = ERR_UNREACHABLE;
    if (e != OK) {
        buf_free(payload);
        return e;
    }
    struct buf *b = buf_prepend(payload, UDP_HEADER);
    if (b == NULL)
        return ERR_NO_MEMORY;
    /* The payload may be a packet that came in and is sent back. */
    b->gso = BUF_GSO_NONE;
    udp_emit(b->data, s->port, to->port, len);
    put_checksum(udp, &head, b, len);
    remember(s, to);
    metric_add(&udp->out, 1);
    return ip_write(udp->ip, &head, b);
}

IO err udp_send(struct udp_socket *socket, const struct endpoint *to, struct buf *payload)
{
    size_t len = buf_len(payload) + UDP_HEADER;
    err e;

    if (len > UDP_LENGTH_MAX - (ip_is_v4(&to->addr) ? 20 : 0))
        e = ERR_TOO_LARGE;
    else if (to->port == 0)
        e = ERR_UNREACHABLE;
    else
        e = OK;
    if (e == OK && payload == NULL && (payload = buf_alloc(0)) == NULL)
        return ERR_NO_MEMORY;
    if (e != OK) {
        buf_free(payload);
        return e;
    }
    e = send_datagram(socket, to, payload, len);
    /*
     * A device whose queue was full has dropped the datagram, as any network may. A fiber that sends all the
     * time must let the queue drain.
     */
    if (e == ERR_NO_SPACE || (e == OK && ++socket->sent >= UDP_BURST)) {
        socket->sent = 0;
        return os_yield();
    }
    return e;
}
