/* Sending echoes, and matching their replies. */
#include "icmp.h"

enum { ECHO_MAX = 65535 - IPV6_HEADER - ICMP_HEADER };

/* The payload differs in each byte and echo, so that lost or moved bytes are noticed. */
static uint8_t payload_byte(const struct icmp_echo *echo, size_t i)
{
    return (uint8_t)(i + echo->sequence);
}

static bool payload_holds(const struct icmp_echo *echo, const struct buf *message)
{
    size_t at = 0, skip = ICMP_HEADER;

    for (const struct buf *b = message; b != NULL; b = b->next) {
        for (size_t i = skip < b->len ? skip : b->len; i < b->len; i++)
            if (b->data[i] != payload_byte(echo, at++))
                return false;
        skip -= skip < b->len ? skip : b->len;
    }
    return at == echo->len;
}

static struct icmp_echo *find(struct icmp *icmp, const struct ip_addr *destination, const uint8_t *header)
{
    uint16_t id = wire_get16(header + ICMP_ID), sequence = wire_get16(header + ICMP_SEQUENCE);

    for (struct icmp_echo *e = icmp->echoes; e != NULL; e = e->next)
        if (e->id == id && e->sequence == sequence &&
            (ip_equal(&e->destination, destination) || ipv6_is_multicast(&e->destination)))
            return e;
    return NULL;
}

INTERNAL void icmp_match_reply(struct icmp *icmp, const struct ip_head *head, struct buf *message)
{
    struct icmp_echo *echo = find(icmp, &head->source, message->data);

    if (echo != NULL && !echo->answered && payload_holds(echo, message)) {
        echo->answered = true;
        echo->received = os_now();
        ip_confirm(icmp->ip, &head->source);
        os_wake_all(&echo->waiter);
    }
    buf_free(message);
}

INTERNAL void icmp_fail_echo(struct icmp *icmp, const struct icmp_error *error)
{
    struct icmp_echo *echo = find(icmp, &error->head.destination, error->transport);

    if (echo == NULL)
        return;
    if (error->kind == ICMP_TOO_BIG) {
        ip_reduce_mtu(icmp->ip, &echo->destination, error->mtu);
        return;
    }
    echo->unreachable = true;
    os_wake_all(&echo->waiter);
}

static err send_request(struct icmp *icmp, struct icmp_echo *echo)
{
    bool v4 = ip_is_v4(&echo->destination);
    struct ip_head head = { .destination = echo->destination,
                            .protocol = v4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6 };

    TRY(ip_source(icmp->ip, &echo->destination, &head.source));
    struct buf *message = buf_alloc(ICMP_HEADER + echo->len);
    if (message == NULL)
        return ERR_NO_MEMORY;
    memset(message->data, 0, ICMP_HEADER);
    message->data[ICMP_TYPE] = v4 ? ICMP4_ECHO : ICMP6_ECHO;
    wire_put16(message->data + ICMP_ID, echo->id);
    wire_put16(message->data + ICMP_SEQUENCE, echo->sequence);
    for (size_t i = 0; i < echo->len; i++)
        message->data[ICMP_HEADER + i] = payload_byte(echo, i);
    icmp_put_checksum(&head.source, &head.destination, message);
    echo->sent = os_now();
    return ip_write(icmp->ip, &head, message);
}

IO err icmp_ping(struct icmp *icmp, const struct ip_addr *destination, uint16_t sequence, size_t len,
                 os_time timeout, os_time *round_trip)
{
    struct icmp_echo echo = {
        .destination = *destination, .sequence = sequence, .len = len, .next = icmp->echoes
    };

    if (len > ECHO_MAX)
        return ERR_TOO_LARGE;
    echo.id = (uint16_t)random_u64(icmp->random);
    icmp->echoes = &echo;
    err e = send_request(icmp, &echo);
    while (e == OK && !echo.answered && !echo.unreachable)
        e = os_wait_until(&echo.waiter, echo.sent + timeout);
    struct icmp_echo **link = &icmp->echoes;
    while (*link != &echo)
        link = &(*link)->next;
    *link = echo.next;
    if (e == OK && !echo.answered)
        e = ERR_UNREACHABLE;
    if (e == OK && round_trip != NULL)
        *round_trip = echo.received - echo.sent;
    return e;
}
