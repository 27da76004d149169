#include "dns_client.h"

#include <stdlib.h>
#include <string.h>

KEY_BOOL(mix_case, true, "ask in letters of random case, which a forger must guess as well");
KEY_INT(udp_size, 1232, 512, 65535, "bytes of a reply that UDP may bring (RFC 6891)");

/*
 * Wrong replies after which somebody is guessing, and TCP is asked, which can't be guessed (RFC 5452, section
 * 9).
 */
enum { FORGERIES_MAX = 32 };

/* The query behind two bytes for the length that TCP wants. */
static struct buf *query_message(const struct exchange *x)
{
    struct dns_header header = { .id = x->query.id, .recursion_desired = true };
    struct dns_question question = { x->query.name, x->query.type, DNS_IN };
    struct dns_edns edns = { .udp_size = (uint16_t)key_udp_size };
    struct dns_writer w;
    struct buf *b = buf_alloc(2 + DNS_UDP_PLAIN);
    if (b == NULL)
        return NULL;
    dns_write_begin(&w, b->data + 2, DNS_UDP_PLAIN, &header);
    dns_write_question(&w, &question);
    if (x->edns)
        dns_write_edns(&w, &edns);
    size_t len = dns_write_end(&w);
    wire_put16(b->data, (uint32_t)len);
    b->len = (uint32_t)(2 + len);
    return b;
}

/*
 * A new identifier, and the name's letters in random case (draft-vixie-dnsext-dns0x20), or in lower case for
 * a server that does not keep it.
 */
static void disguise(struct exchange *x)
{
    struct dns_name *name = &x->query.name;
    bool mix = key_mix_case && !x->any_case;
    x->query.id = (uint16_t)random_u64(x->client->random);
    uint64_t bits = 0;
    for (size_t i = 0; key_mix_case && i < name->len; i++) {
        uint8_t c = name->wire[i] | 0x20;
        if (mix && i % 64 == 0)
            bits = random_u64(x->client->random);
        if (c >= 'a' && c <= 'z')
            name->wire[i] = c ^ (uint8_t)((bits >> i % 64 & 1) << 5);
    }
}

/* ERR_AGAIN: this is not the reply. */
static err read_reply(struct exchange *x, const struct buf *reply, bool by_udp, struct dns_answer *out)
{
    struct dns_reader r;
    enum dns_answer_fit fit = dns_answer_fit(&x->query, reply->data, reply->len, &r);
    if (fit == DNS_ANSWER_ALIEN)
        return ERR_AGAIN;
    /*
     * Some servers do not keep the case, and have no TCP either. A forger who guessed all but the case has to
     * guess the next query's port and identifier. Over TCP the case is not needed.
     */
    if (by_udp && fit == DNS_ANSWER_OTHER_CASE && !x->any_case)
        return ERR_UNSUPPORTED;
    if (by_udp && r.header.truncated)
        return ERR_TOO_LARGE;
    return dns_answer_read(&r, &x->query.name, x->query.type, out);
}

static IO err receive_reply(struct exchange *x, struct stack_udp_socket *socket, struct dns_answer *out)
{
    for (unsigned forgeries = 0; forgeries < FORGERIES_MAX;) {
        struct endpoint from;
        struct buf *reply = NULL;
        err e;
        TRY(stack_udp_receive(socket, &from, &reply));
        size_t len = buf_len(reply);
        if (len >= DNS_HEADER && from.port == x->server.port && ip_equal(&from.addr, &x->server.addr)) {
            if ((reply = buf_pull_up(reply, len)) == NULL)
                return ERR_NO_MEMORY;
            e = read_reply(x, reply, true, out);
        } else {
            e = ERR_AGAIN;
        }
        buf_free(reply);
        if (e != ERR_AGAIN)
            return e;
        forgeries++;
        metric_add(&x->client->refused, 1);
        log_debug("a datagram from port %u is no reply to the query", from.port);
    }
    return ERR_TOO_LARGE;
}

INTERNAL IO err exchange_by_udp(struct exchange *x, os_time until, struct dns_answer *out)
{
    struct stack_udp_socket *socket;
    struct buf *message;
    err e;
    disguise(x);
    message = query_message(x);
    if (message == NULL)
        return ERR_NO_MEMORY;
    /* Each query has its own socket, and so a new port (RFC 5452, section 9.2). */
    e = stack_udp_bind(stack_get_udp(x->client->stack), &IP_ANY, 0, &socket);
    if (e != OK) {
        buf_free(message);
        return e;
    }
    OS_DEADLINE(until)
    {
        e = stack_udp_send(socket, &x->server, buf_advance(message, 2));
        if (e == OK)
            e = receive_reply(x, socket, out);
    }
    stack_udp_unbind(socket);
    return e;
}

/* Bytes until there are `len`. */
static IO err receive_bytes(struct stack_tcp_flow *flow, struct buf **in, size_t len)
{
    while (*in == NULL || buf_len(*in) < len) {
        struct buf *piece;
        err e = stack_tcp_read(flow, &piece);
        if (e != OK)
            return e == ERR_END ? ERR_RESET : e;
        *in = buf_gather(*in, piece);
    }
    *in = buf_pull_up(*in, len);
    return *in == NULL ? ERR_NO_MEMORY : OK;
}

/*
 * Read one message behind its length (RFC 1035, section 4.2.2). A server that sends another message first is
 * not ours.
 */
static IO err talk(struct exchange *x, struct stack_tcp_flow *flow, struct buf *message,
                   struct dns_answer *out)
{
    struct buf *in = NULL;
    err e = stack_tcp_write(flow, message);
    if (e == OK)
        e = receive_bytes(flow, &in, 2);
    if (e == OK) {
        size_t len = wire_get16(in->data);
        in = buf_advance(in, 2);
        e = receive_bytes(flow, &in, len);
        if (e == OK)
            buf_truncate(in, len);
    }
    if (e == OK)
        e = read_reply(x, in, false, out);
    buf_free(in);
    return e == ERR_AGAIN ? ERR_FORMAT : e;
}

INTERNAL IO err exchange_by_tcp(struct exchange *x, os_time until, struct dns_answer *out)
{
    struct stack_tcp_flow *flow;
    err e = OK;
    metric_add(&x->client->by_tcp, 1);
    disguise(x);
    OS_DEADLINE(until)
    {
        e = stack_tcp_open(stack_get_tcp(x->client->stack), &x->server, &flow);
        if (e == OK) {
            struct buf *message = query_message(x);
            e = message == NULL ? ERR_NO_MEMORY : talk(x, flow, message, out);
            stack_tcp_close(flow);
        }
    }
    return e;
}
