/* Fuzzes DHCP messages. What is read lies within its bounds, and reads the same after it is written. */
#include <stdlib.h>
#include <string.h>

#include <base/dhcp/dhcp.h>

#include "../check.h"

static void check_text(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    CHECK(len < size);
    for (size_t i = 0; i < len; i++)
        CHECK(text[i] >= ' ' && text[i] < 0x7f);
}

/* Whether the texts and lists fit into one message. */
static bool fits(const struct dhcp_message *m)
{
    return strlen(m->domains) < 64 && strchr(m->domains, ' ') == NULL && m->route_count < 4 &&
           m->id_len < 16 && m->router_count < 3 && m->name_server_count < 3;
}

static void check_same(const struct dhcp_message *a, const struct dhcp_message *b)
{
    CHECK(a->type == b->type && a->reply == b->reply && a->broadcast == b->broadcast && a->id == b->id &&
          a->seconds == b->seconds);
    CHECK(ip_equal(&a->client, &b->client) && ip_equal(&a->yours, &b->yours) &&
          ip_equal(&a->relay, &b->relay));
    CHECK(ip_equal(&a->server, &b->server) && ip_equal(&a->requested, &b->requested));
    CHECK(a->lease == b->lease && a->renewal == b->renewal && a->rebinding == b->rebinding);
    CHECK(!a->has_mask || a->prefix == 0 || (b->has_mask && a->prefix == b->prefix));
    CHECK(a->router_count == b->router_count && a->name_server_count == b->name_server_count &&
          a->route_count == b->route_count);
    CHECK(strcmp(a->hostname, b->hostname) == 0 && strcmp(a->domains, b->domains) == 0);
    CHECK(a->id_len == b->id_len && memcmp(a->client_id, b->client_id, a->id_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint8_t magic[4] = { 99, 130, 83, 99 };
    struct dhcp_message m, again;
    uint8_t *data = malloc(size + DHCP_HEADER + 4), out[DHCP_MESSAGE_ROOM];
    /* Read the input as a whole message, and as options after a valid header. */
    for (int round = 0; round < 2; round++) {
        size_t len = size;
        if (round == 0) {
            memcpy(data, input, size);
        } else {
            memset(data, 0, DHCP_HEADER);
            data[0] = 2;
            data[1] = 1;
            data[2] = 6;
            memcpy(data + 10, input, size < 34 ? size : 34);
            memcpy(data + DHCP_HEADER, magic, 4);
            memcpy(data + DHCP_HEADER + 4, input, size);
            len = size + DHCP_HEADER + 4;
        }
        uint8_t *exact = malloc(len);
        memcpy(exact, data, len);
        err e = dhcp_parse(&m, exact, len);
        free(exact);
        if (e != OK)
            continue;
        check_text(m.hostname, sizeof m.hostname);
        check_text(m.domains, sizeof m.domains);
        check_text(m.message, sizeof m.message);
        CHECK(m.router_count <= DHCP_SERVERS_MAX && m.name_server_count <= DHCP_SERVERS_MAX &&
              m.route_count <= DHCP_ROUTES_MAX);
        CHECK(m.prefix <= 32 && m.id_len <= DHCP_ID_MAX);
        for (size_t i = 0; i < m.route_count; i++)
            CHECK(m.routes[i].network.prefix <= 32 && ip_is_v4(&m.routes[i].network.addr));
        size_t n = dhcp_emit(&m, out);
        CHECK(n >= DHCP_MESSAGE_MIN && n <= DHCP_MESSAGE_ROOM);
        CHECK(dhcp_parse(&again, out, n) == OK);
        if (fits(&m))
            check_same(&m, &again);
    }
    free(data);
    return 0;
}
