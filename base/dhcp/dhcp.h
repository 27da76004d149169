/*
 * DHCP messages (RFC 2131, 2132, 3396, 3397, 3442, 4361). The functions are pure. Reads are bounded, and
 * malformed or unknown options are skipped.
 */
#ifndef BASE_DHCP_H
#define BASE_DHCP_H

#include <stdbool.h>

#include <base/ip/ip.h>

enum {
    DHCP_SERVER_PORT = 67,
    DHCP_CLIENT_PORT = 68,
    DHCP_HEADER = 236,       /* up to the magic cookie */
    DHCP_MESSAGE_MIN = 300,  /* the least that relays and servers of BOOTP expect (RFC 1542, section 2.1) */
    DHCP_MESSAGE_ROOM = 576, /* room for every message that is written here */
    DHCP_SERVERS_MAX = 8,
    DHCP_ROUTES_MAX = 16,
    DHCP_TEXT_SIZE = 512,
    DHCP_NAME_SIZE = 64,
    DHCP_ID_MAX = 32,
};

#define DHCP_FOREVER UINT32_MAX

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM,
};

enum dhcp_option {
    DHCP_PAD = 0,
    DHCP_MASK = 1,
    DHCP_ROUTER = 3,
    DHCP_DNS = 6,
    DHCP_HOSTNAME = 12,
    DHCP_DOMAIN = 15,
    DHCP_MTU = 26,
    DHCP_REQUESTED = 50,
    DHCP_LEASE = 51,
    DHCP_OVERLOAD = 52,
    DHCP_TYPE = 53,
    DHCP_SERVER_ID = 54,
    DHCP_PARAMETERS = 55,
    DHCP_MESSAGE = 56,
    DHCP_MAX_SIZE = 57,
    DHCP_RENEWAL = 58,
    DHCP_REBINDING = 59,
    DHCP_CLIENT_ID = 61,
    DHCP_SEARCH = 119,
    DHCP_ROUTES = 121,
    DHCP_END = 255,
};

struct dhcp_route {
    struct ip_cidr network;
    struct ip_addr gateway; /* IP_ANY: on the link */
};

/* Addresses are IPv4, or IP_ANY when they are unset. Fields that the message does not set are "" or 0. */
struct dhcp_message {
    enum dhcp_type type;
    bool reply;     /* a server sent it */
    bool broadcast; /* the client can't receive packets for its address yet */
    uint32_t id;
    uint16_t seconds;
    uint8_t mac[6];
    struct ip_addr client; /* ciaddr: the address that the client has */
    struct ip_addr yours;  /* yiaddr: the address that the client gets */
    struct ip_addr relay;
    struct ip_addr server, requested;
    bool has_mask;
    uint8_t prefix;                     /* from the mask */
    uint32_t lease, renewal, rebinding; /* seconds; a lease may be DHCP_FOREVER */
    uint16_t mtu, max_size;
    size_t router_count, name_server_count, route_count, id_len;
    struct ip_addr routers[DHCP_SERVERS_MAX], name_servers[DHCP_SERVERS_MAX];
    struct dhcp_route routes[DHCP_ROUTES_MAX];
    bool has_routes; /* then the routers are ignored (RFC 3442) */
    uint8_t client_id[DHCP_ID_MAX];
    char hostname[DHCP_NAME_SIZE];
    char domains[DHCP_TEXT_SIZE]; /* to look in for short names: of SEARCH, else DOMAIN; spaces between */
    char message[DHCP_NAME_SIZE]; /* why a server refuses, as text for a person */
};

/* ERR_FORMAT when the bytes are not a message of DHCP over Ethernet. */
err dhcp_parse(struct dhcp_message *out, const uint8_t *data, size_t len);

/*
 * Write a message to DHCP_MESSAGE_ROOM bytes. Returns its length. A client's message asks for the parameters
 * that the client wants.
 */
size_t dhcp_emit(const struct dhcp_message *message, uint8_t *out);

/* An identifier by RFC 4361, for one link of a host. The first link's address identifies the host. */
size_t dhcp_duid(const uint8_t mac[static 6], uint8_t out[static DHCP_ID_MAX]);

#endif
