#include "dhcp_client.h"

#include <string.h>

KEY_BOOL(duid, false, "tell servers an identifier by RFC 4361 instead of the link's address");

INTERNAL void dhcp_begin(struct dhcp_client *c)
{
    c->id = (uint32_t)random_u64(c->random);
}

INTERNAL IO err dhcp_send(struct dhcp_client *c, enum dhcp_type type, const struct dhcp_asked *asked)
{
    os_time seconds = (os_now() - c->began) / SECONDS(1);
    struct endpoint to = { asked->unicast ? c->lease.server : IP_V4(255, 255, 255, 255), DHCP_SERVER_PORT };
    struct dhcp_message m = {
        .type = type,
        .id = c->id,
        .seconds = seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX,
        /* A host without an address cannot receive a unicast reply. */
        .broadcast = !asked->by_address,
        .client = asked->by_address ? c->lease.address.addr : IP_ANY,
        .requested = asked->requested,
        .server = asked->server,
        .max_size = type == DHCP_DECLINE || type == DHCP_RELEASE ? 0
                    : c->link.mtu < 1500                         ? c->link.mtu
                                                                 : 1500,
    };
    struct buf *b = buf_alloc(DHCP_MESSAGE_ROOM);
    if (b == NULL)
        return ERR_NO_MEMORY;
    memcpy(m.mac, c->link.mac, sizeof m.mac);
    if (key_duid) {
        m.id_len = dhcp_duid(c->link.mac, m.client_id);
    } else {
        m.client_id[0] = 1; /* Ethernet */
        memcpy(m.client_id + 1, c->link.mac, sizeof c->link.mac);
        m.id_len = 7;
    }
    if (m.max_size != 0) {
        const char *name = stack_hostname(c->stack);
        if (strlen(name) < sizeof m.hostname)
            strcpy(m.hostname, name);
    }
    b->len = (uint32_t)dhcp_emit(&m, b->data);
    metric_add(&c->sent, 1);
    log_debug("sent a message of type %u", (unsigned)type);
    return udp_send(c->socket, &to, b);
}

/* Whether a datagram is a message to this client in this transaction. */
static bool is_ours(struct dhcp_client *c, const struct buf *b, const struct endpoint *from,
                    struct dhcp_message *out)
{
    return from->port == DHCP_SERVER_PORT && dhcp_parse(out, b->data, b->len) == OK && out->reply &&
           out->id == c->id && memcmp(out->mac, c->link.mac, sizeof out->mac) == 0;
}

static IO err next_reply(struct dhcp_client *c, struct dhcp_message *out)
{
    for (;;) {
        struct endpoint from;
        struct buf *b = NULL;
        err e = udp_receive(c->socket, &from, &b);
        /* An error about a closed port is no answer: anybody can send one, and another server may answer. */
        if (e == ERR_REFUSED)
            continue;
        TRY(e);
        if (b != NULL && (b = buf_pull_up(b, buf_len(b))) == NULL)
            return ERR_NO_MEMORY;
        bool ours = b != NULL && is_ours(c, b, &from, out);
        buf_free(b);
        if (ours) {
            metric_add(&c->received, 1);
            return OK;
        }
        metric_add(&c->refused, 1);
    }
}

INTERNAL IO err dhcp_await(struct dhcp_client *c, enum dhcp_type type, const struct ip_addr *server,
                           os_time until, struct dhcp_message *out)
{
    err e = OK;
    OS_DEADLINE(until)
    {
        while ((e = next_reply(c, out)) == OK) {
            if (type == DHCP_ACK && out->type == DHCP_NAK) {
                if (!ip_is_any(server) && !ip_equal(&out->server, server))
                    continue;
                log_warning("the server refuses: %s",
                            out->message[0] != '\0' ? out->message : "it does not say why");
                e = ERR_REFUSED;
                break;
            }
            /* A lease has an address, a duration, and a server that can be asked again. */
            if (out->type == type && dhcp_is_host(&out->yours) && out->lease > 0 &&
                dhcp_is_host(&out->server))
                break;
        }
    }
    return e;
}
