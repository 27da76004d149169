#include <base/dhcp/dhcp.h>

#include <string.h>

#include <base/wire/wire.h>

/* The options that have been written so far. Options that don't fit are left out. */
struct options {
    uint8_t *at, *end;
};

static void put(struct options *o, uint8_t code, const void *data, size_t len)
{
    if ((size_t)(o->end - o->at) < len + 2 || len > 255)
        return;
    o->at[0] = code;
    o->at[1] = (uint8_t)len;
    memcpy(o->at + 2, data, len);
    o->at += len + 2;
}

static void put_number(struct options *o, uint8_t code, uint32_t value, size_t len)
{
    uint8_t data[4];
    wire_put32(data, value);
    if (value != 0)
        put(o, code, data + 4 - len, len);
}

static void put_addresses(struct options *o, uint8_t code, const struct ip_addr *list, size_t count)
{
    uint8_t data[4 * DHCP_SERVERS_MAX];
    size_t len = 0;
    for (size_t i = 0; i < count && i < DHCP_SERVERS_MAX; i++)
        if (!ip_is_any(&list[i])) {
            memcpy(data + len, list[i].bytes + 12, 4);
            len += 4;
        }
    if (len > 0)
        put(o, code, data, len);
}

static void put_text(struct options *o, uint8_t code, const char *text)
{
    if (*text != '\0')
        put(o, code, text, strlen(text));
}

static void put_routes(struct options *o, const struct dhcp_message *m)
{
    uint8_t data[9 * DHCP_ROUTES_MAX];
    size_t len = 0;
    for (size_t i = 0; i < m->route_count; i++) {
        const struct dhcp_route *route = &m->routes[i];
        size_t bytes = (route->network.prefix + 7u) / 8;
        data[len++] = route->network.prefix;
        memcpy(data + len, route->network.addr.bytes + 12, bytes);
        memcpy(data + len + bytes, route->gateway.bytes + 12, 4);
        len += bytes + 4;
    }
    if (m->has_routes)
        put(o, DHCP_ROUTES, data, len);
}

/* RFC 3442: a client must ask for the routes before the routers. */
static void put_wishes(struct options *o)
{
    static const uint8_t wanted[] = { DHCP_MASK,     DHCP_ROUTES,    DHCP_ROUTER, DHCP_DNS,
                                      DHCP_HOSTNAME, DHCP_DOMAIN,    DHCP_MTU,    DHCP_LEASE,
                                      DHCP_RENEWAL,  DHCP_REBINDING, DHCP_SEARCH };
    put(o, DHCP_PARAMETERS, wanted, sizeof wanted);
}

static void put_address(uint8_t *out, const struct ip_addr *addr)
{
    memcpy(out, addr->bytes + 12, 4);
}

size_t dhcp_emit(const struct dhcp_message *m, uint8_t *out)
{
    static const uint8_t magic[4] = { 99, 130, 83, 99 };
    struct options o = { out + DHCP_HEADER + 4, out + DHCP_MESSAGE_ROOM - 1 };
    memset(out, 0, DHCP_MESSAGE_ROOM);
    out[0] = m->reply ? 2 : 1;
    out[1] = 1;
    out[2] = 6;
    wire_put32(out + 4, m->id);
    wire_put16(out + 8, m->seconds);
    out[10] = m->broadcast ? 0x80 : 0;
    put_address(out + 12, &m->client);
    put_address(out + 16, &m->yours);
    put_address(out + 24, &m->relay);
    memcpy(out + 28, m->mac, sizeof m->mac);
    memcpy(out + DHCP_HEADER, magic, sizeof magic);
    put_number(&o, DHCP_TYPE, m->type, 1);
    if (m->id_len > 0)
        put(&o, DHCP_CLIENT_ID, m->client_id, m->id_len);
    put_addresses(&o, DHCP_REQUESTED, &m->requested, 1);
    put_addresses(&o, DHCP_SERVER_ID, &m->server, 1);
    put_number(&o, DHCP_LEASE, m->lease, 4);
    put_number(&o, DHCP_RENEWAL, m->renewal, 4);
    put_number(&o, DHCP_REBINDING, m->rebinding, 4);
    put_number(&o, DHCP_MAX_SIZE, m->max_size, 2);
    put_number(&o, DHCP_MTU, m->mtu, 2);
    if (m->has_mask)
        put_number(&o, DHCP_MASK, m->prefix == 0 ? 0 : UINT32_MAX << (32 - m->prefix), 4);
    put_routes(&o, m);
    put_addresses(&o, DHCP_ROUTER, m->routers, m->router_count);
    put_addresses(&o, DHCP_DNS, m->name_servers, m->name_server_count);
    put_text(&o, DHCP_HOSTNAME, m->hostname);
    put_text(&o, DHCP_DOMAIN, m->domains);
    put_text(&o, DHCP_MESSAGE, m->message);
    if (!m->reply && (m->type == DHCP_DISCOVER || m->type == DHCP_REQUEST || m->type == DHCP_INFORM))
        put_wishes(&o);
    *o.at++ = DHCP_END;
    size_t len = (size_t)(o.at - out);
    return len < DHCP_MESSAGE_MIN ? DHCP_MESSAGE_MIN : len;
}

size_t dhcp_duid(const uint8_t mac[static 6], uint8_t out[static DHCP_ID_MAX])
{
    /* Type 255: an IAID made from the address, and a DUID-LL of Ethernet (RFC 8415, section 11.4). */
    static const uint8_t kind[4] = { 0, 3, 0, 1 };
    out[0] = 255;
    memcpy(out + 1, mac + 2, 4);
    memcpy(out + 5, kind, sizeof kind);
    memcpy(out + 9, mac, 6);
    return 15;
}
