#include <base/dhcp/dhcp.h>

#include <string.h>

#include <base/dns/name.h>
#include <base/wire/wire.h>

static const uint8_t dhcp_cookie[4] = { 99, 130, 83, 99 };

/* Room for one option, whose pieces are joined (RFC 3396). */
enum { OPTION_MAX = 1024 };

enum { FILE_AT = 108, FILE_SIZE = 128, NAME_AT = 44, NAME_SIZE = 64 };

struct option {
    bool there;
    size_t len;
    uint8_t data[OPTION_MAX];
};

/* Join the pieces of this option that one area of options has. */
static void collect(struct option *out, uint8_t code, const uint8_t *area, size_t len)
{
    for (size_t at = 0; at < len && area[at] != DHCP_END;) {
        if (area[at] == DHCP_PAD) {
            at++;
            continue;
        }
        if (len - at < 2 || len - at - 2 < area[at + 1])
            return;
        size_t n = area[at + 1];
        if (area[at] == code && n <= sizeof out->data - out->len) {
            memcpy(out->data + out->len, area + at + 2, n);
            out->len += n;
            out->there = true;
        }
        at += 2 + n;
    }
}

static void find(struct option *out, uint8_t code, const uint8_t *data, size_t len, unsigned overload)
{
    out->there = false;
    out->len = 0;
    collect(out, code, data + DHCP_HEADER + 4, len - DHCP_HEADER - 4);
    if (overload & 1)
        collect(out, code, data + FILE_AT, FILE_SIZE);
    if (overload & 2)
        collect(out, code, data + NAME_AT, NAME_SIZE);
}

static uint32_t number(const struct option *o)
{
    uint32_t value = 0;
    for (size_t i = 0; i < o->len && i < 4; i++)
        value = value << 8 | o->data[i];
    return value;
}

static struct ip_addr address(const uint8_t *data)
{
    return data[0] | data[1] | data[2] | data[3] ? IP_V4(data[0], data[1], data[2], data[3]) : IP_ANY;
}

static size_t addresses(const struct option *o, struct ip_addr out[static DHCP_SERVERS_MAX])
{
    size_t count = 0;
    for (size_t at = 0; at + 4 <= o->len && count < DHCP_SERVERS_MAX; at += 4) {
        struct ip_addr addr = address(o->data + at);
        if (!ip_is_any(&addr))
            out[count++] = addr;
    }
    return count;
}

/* The one bits must come first (RFC 950). */
static bool mask_prefix(uint32_t mask, uint8_t *out)
{
    uint8_t prefix = 0;
    while (prefix < 32 && mask >> (31 - prefix) & 1)
        prefix++;
    *out = prefix;
    return prefix == 32 || mask << prefix == 0;
}

/* Whether a name may stand in a list. Names that could confuse a resolver or a log are refused. */
static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
              c == '_' || c == '.'))
            return false;
    }
    return len > 0;
}

/* Some servers end their texts with a NUL. */
static void name_text(const struct option *o, char *out, size_t size)
{
    size_t len = o->len;
    while (len > 0 && o->data[len - 1] == '\0')
        len--;
    if (len >= size || !is_name((const char *)o->data, len))
        return;
    memcpy(out, o->data, len);
    out[len] = '\0';
}

/*
 * The domains of RFC 3397, which are compressed as in DNS, with spaces between them. If one is bad, none is
 * taken.
 */
static void search_list(const struct option *o, char out[static DHCP_TEXT_SIZE])
{
    char text[DNS_TEXT_SIZE];
    struct dns_name name;
    size_t n = 0;
    for (size_t at = 0; at < o->len;) {
        if (dns_name_read(o->data, o->len, &at, &name) != OK) {
            out[0] = '\0';
            return;
        }
        size_t len = dns_name_to_text(&name, text);
        if (!is_name(text, len) || len + 1 >= DHCP_TEXT_SIZE - n)
            continue;
        if (n > 0)
            out[n++] = ' ';
        memcpy(out + n, text, len + 1);
        n += len;
    }
}

static void routes(const struct option *o, struct dhcp_message *out)
{
    size_t at = 0;
    out->has_routes = o->there;
    while (at < o->len && out->route_count < DHCP_ROUTES_MAX) {
        uint8_t prefix = o->data[at++], network[4] = { 0 };
        size_t bytes = (prefix + 7u) / 8;
        if (prefix > 32 || o->len - at < bytes + 4)
            return;
        memcpy(network, o->data + at, bytes);
        struct dhcp_route *route = &out->routes[out->route_count++];
        route->network = (struct ip_cidr){ IP_V4(network[0], network[1], network[2], network[3]), prefix };
        route->gateway = address(o->data + at + bytes);
        at += bytes + 4;
    }
}

/* The text of a server's message that is meant for a person. */
static void message_text(const struct option *o, char out[static DHCP_NAME_SIZE])
{
    size_t len = o->len < DHCP_NAME_SIZE ? o->len : DHCP_NAME_SIZE - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = o->data[i] >= ' ' && o->data[i] < 0x7f ? (char)o->data[i] : '?';
    out[len] = '\0';
}

static void read_numbers(struct dhcp_message *out, const uint8_t *data, size_t len, unsigned overload)
{
    struct option o;
    const struct {
        uint8_t code;
        uint32_t *value;
    } times[] = { { DHCP_LEASE, &out->lease },
                  { DHCP_RENEWAL, &out->renewal },
                  { DHCP_REBINDING, &out->rebinding } };
    for (size_t i = 0; i < 3; i++) {
        find(&o, times[i].code, data, len, overload);
        if (o.len == 4)
            *times[i].value = number(&o);
    }
    find(&o, DHCP_MTU, data, len, overload);
    out->mtu = o.len == 2 ? (uint16_t)number(&o) : 0;
    find(&o, DHCP_MAX_SIZE, data, len, overload);
    out->max_size = o.len == 2 ? (uint16_t)number(&o) : 0;
    find(&o, DHCP_MASK, data, len, overload);
    out->has_mask = o.len == 4 && mask_prefix(number(&o), &out->prefix);
}

static void read_addresses(struct dhcp_message *out, const uint8_t *data, size_t len, unsigned overload)
{
    struct option o;
    find(&o, DHCP_SERVER_ID, data, len, overload);
    out->server = o.len == 4 ? address(o.data) : IP_ANY;
    find(&o, DHCP_REQUESTED, data, len, overload);
    out->requested = o.len == 4 ? address(o.data) : IP_ANY;
    find(&o, DHCP_ROUTER, data, len, overload);
    out->router_count = addresses(&o, out->routers);
    find(&o, DHCP_DNS, data, len, overload);
    out->name_server_count = addresses(&o, out->name_servers);
    find(&o, DHCP_ROUTES, data, len, overload);
    routes(&o, out);
}

static void read_texts(struct dhcp_message *out, const uint8_t *data, size_t len, unsigned overload)
{
    struct option o;
    find(&o, DHCP_HOSTNAME, data, len, overload);
    name_text(&o, out->hostname, sizeof out->hostname);
    find(&o, DHCP_SEARCH, data, len, overload);
    search_list(&o, out->domains);
    if (out->domains[0] == '\0') {
        find(&o, DHCP_DOMAIN, data, len, overload);
        name_text(&o, out->domains, sizeof out->domains);
    }
    find(&o, DHCP_MESSAGE, data, len, overload);
    message_text(&o, out->message);
    find(&o, DHCP_CLIENT_ID, data, len, overload);
    if (o.len <= sizeof out->client_id) {
        memcpy(out->client_id, o.data, o.len);
        out->id_len = o.len;
    }
}

err dhcp_parse(struct dhcp_message *out, const uint8_t *data, size_t len)
{
    struct option o;
    /* An address of Ethernet has 6 bytes. */
    if (len < DHCP_HEADER + 4 || (data[0] != 1 && data[0] != 2) || data[1] != 1 || data[2] != 6 ||
        memcmp(data + DHCP_HEADER, dhcp_cookie, sizeof dhcp_cookie) != 0)
        return ERR_FORMAT;
    find(&o, DHCP_OVERLOAD, data, len, 0);
    unsigned overload = o.len == 1 ? o.data[0] : 0;
    find(&o, DHCP_TYPE, data, len, overload);
    if (o.len != 1 || o.data[0] < DHCP_DISCOVER || o.data[0] > DHCP_INFORM)
        return ERR_FORMAT;
    *out = (struct dhcp_message){
        .type = (enum dhcp_type)o.data[0],
        .reply = data[0] == 2,
        .broadcast = data[10] & 0x80,
        .id = wire_get32(data + 4),
        .seconds = wire_get16(data + 8),
        .client = address(data + 12),
        .yours = address(data + 16),
        .relay = address(data + 24),
    };
    memcpy(out->mac, data + 28, sizeof out->mac);
    read_numbers(out, data, len, overload);
    read_addresses(out, data, len, overload);
    read_texts(out, data, len, overload);
    return OK;
}
