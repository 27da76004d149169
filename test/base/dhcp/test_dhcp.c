/* base/dhcp: vectors by hand. */
#include "test/support/test.h"

#include <stdlib.h>

#include <base/dhcp/dhcp.h>

/* Parse a reply with these options. */
static err parse(struct dhcp_message *out, const char *options, size_t len)
{
    uint8_t *data = calloc(1, DHCP_HEADER + 4 + len);
    data[0] = 2, data[1] = 1, data[2] = 6, data[7] = 9;
    memcpy(data + 16, "\12\0\0\62", 4);
    memcpy(data + DHCP_HEADER, "\143\202\123\143", 4);
    memcpy(data + DHCP_HEADER + 4, options, len);
    err e = dhcp_parse(out, data, DHCP_HEADER + 4 + len);
    free(data);
    return e;
}
#define PARSE(m, options) parse(m, "\65\1\5" options, sizeof("\65\1\5" options) - 1)

static void assert_address(const struct ip_addr *addr, const char *text)
{
    char got[IP_TEXT_SIZE];
    assert_string_equal(ip_format(addr, got), text);
}

static void options(void **state)
{
    struct dhcp_message m;
    (void)state;
    assert_int_equal(PARSE(&m, ""), OK);
    assert_true(m.type == DHCP_ACK && m.reply && m.id == 9 && !m.has_mask && m.lease == 0 &&
                ip_is_any(&m.server));
    assert_address(&m.yours, "10.0.0.50");
    assert_int_equal(PARSE(&m, "\1\4\377\377\374\0\3\10\12\0\0\1\12\0\0\2\6\4\1\1\1\1\63\4\0\1\121\200\72\4\0"
                               "\0\0\12\73\4\0\0\0\24\377"),
                     OK);
    assert_true(m.has_mask && m.prefix == 22 && m.router_count == 2 && m.name_server_count == 1 &&
                m.lease == 86400);
    assert_true(m.renewal == 10 && m.rebinding == 20);
    assert_address(&m.routers[1], "10.0.0.2");
    /* A mask with a hole, options of the wrong length, and one that exceeds the message. */
    assert_int_equal(PARSE(&m, "\1\4\377\0\377\0\63\3\0\0\1\66\5\1\2\3\4\5\3\3\1\2\3\377\14\1a"), OK);
    assert_true(!m.has_mask && m.lease == 0 && ip_is_any(&m.server) && m.router_count == 0 &&
                m.hostname[0] == '\0');
    assert_int_equal(PARSE(&m, "\0\0\32\2\5\334\14\5host\0\17\13lan.example"), OK);
    assert_int_equal(m.mtu, 1500);
    assert_string_equal(m.hostname, "host");
    assert_string_equal(m.domains, "lan.example");
    assert_int_equal(PARSE(&m, "\14\6ho st!\17\3a b\70\4no\n!"), OK);
    assert_true(m.hostname[0] == '\0' && m.domains[0] == '\0');
    assert_string_equal(m.message, "no?!");
}

static void pieces(void **state)
{
    struct dhcp_message m;
    (void)state;
    /* RFC 3396: an option in two pieces. */
    assert_int_equal(PARSE(&m, "\17\4lan.\17\7example"), OK);
    assert_string_equal(m.domains, "lan.example");
    assert_int_equal(PARSE(&m, "\3\2\12\0\3\2\0\7"), OK);
    assert_true(m.router_count == 1);
    assert_address(&m.routers[0], "10.0.0.7");
    /* Overloaded fields (RFC 2132, section 9.3). */
    uint8_t data[DHCP_HEADER + 16] = { 2, 1, 6 };
    memcpy(data + DHCP_HEADER, "\143\202\123\143\64\1\3\377", 8);
    memcpy(data + 108, "\65\1\2\3\4\12\0\0\1\377", 10);
    memcpy(data + 44, "\32\2\4\0\377", 5);
    assert_int_equal(dhcp_parse(&m, data, sizeof data), OK);
    assert_true(m.type == DHCP_OFFER && m.router_count == 1 && m.mtu == 1024);
}

static void classless_routes(void **state)
{
    struct dhcp_message m;
    char text[IP_TEXT_SIZE];
    (void)state;
    assert_int_equal(PARSE(&m, "\171\27\0\12\0\0\1\31\300\0\2\200\12\0\0\2\40\1\2\3\4\0\0\0\0"), OK);
    assert_true(m.has_routes && m.route_count == 3);
    assert_int_equal(m.routes[0].network.prefix, 0);
    assert_address(&m.routes[0].gateway, "10.0.0.1");
    assert_string_equal(ip_cidr_format(&m.routes[1].network, text), "192.0.2.128/25");
    assert_string_equal(ip_cidr_format(&m.routes[2].network, text), "1.2.3.4/32");
    assert_true(ip_is_any(&m.routes[2].gateway));
    /* The option is cut short or has an impossible prefix. The routes before that are kept. */
    assert_int_equal(PARSE(&m, "\171\10\0\12\0\0\1\30\12\0"), OK);
    assert_int_equal(m.route_count, 1);
    assert_int_equal(PARSE(&m, "\171\6\41\1\2\3\4\5"), OK);
    assert_true(m.has_routes && m.route_count == 0);
}

static void search_lists(void **state)
{
    struct dhcp_message m;
    (void)state;
    assert_int_equal(PARSE(&m, "\167\17\1a\7example\0\1b\300\2\17\3lan"), OK);
    assert_string_equal(m.domains, "a.example b.example");
    assert_int_equal(PARSE(&m, "\167\4\1a\300\0\17\3lan"), OK);
    assert_string_equal(m.domains, "lan");
    assert_int_equal(PARSE(&m, "\167\10\3a b\0\1c\0"), OK);
    assert_string_equal(m.domains, "c");
}

static void refused(void **state)
{
    struct dhcp_message m;
    uint8_t data[DHCP_HEADER + 7] = { 2, 1, 6 };
    (void)state;
    memcpy(data + DHCP_HEADER, "\143\202\123\143\65\1\5", 7);
    assert_int_equal(dhcp_parse(&m, data, sizeof data), OK);
    for (size_t len = 0; len < sizeof data; len++)
        assert_int_equal(dhcp_parse(&m, data, len), ERR_FORMAT);
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        { 0, 3 },
        { 1, 6 },
        { 2, 8 },
        { DHCP_HEADER, 0 },
        { DHCP_HEADER + 5, 2 },
        { DHCP_HEADER + 6, 0 },
        { DHCP_HEADER + 6, 9 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        uint8_t changed[sizeof data];
        memcpy(changed, data, sizeof data);
        changed[changes[i].at] = changes[i].value;
        assert_int_equal(dhcp_parse(&m, changed, sizeof changed), ERR_FORMAT);
    }
}

static void emitted(void **state)
{
    uint8_t out[DHCP_MESSAGE_ROOM];
    struct dhcp_message m = {
        .type = DHCP_REQUEST, .id = 0x01020304, .seconds = 5, .broadcast = true, .mac = { 2, 0, 0, 0, 0, 1 },
        .requested = IP_V4(10, 0, 0, 50), .server = IP_V4(10, 0, 0, 1), .max_size = 1500, .hostname = "me",
    }, back;
    (void)state;
    m.id_len = dhcp_duid(m.mac, m.client_id);
    size_t len = dhcp_emit(&m, out);
    assert_int_equal(len, DHCP_MESSAGE_MIN);
    assert_int_equal(dhcp_parse(&back, out, len), OK);
    assert_true(!back.reply && back.broadcast && back.id == m.id && back.seconds == 5 &&
                back.max_size == 1500);
    assert_true(ip_equal(&back.requested, &m.requested) && ip_equal(&back.server, &m.server) &&
                ip_is_any(&back.client));
    assert_memory_equal(back.mac, m.mac, 6);
    assert_int_equal(back.id_len, 15);
    assert_memory_equal(back.client_id, "\377\0\0\0\1\0\3\0\1\2\0\0\0\0\1", 15);
    assert_string_equal(back.hostname, "me");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options),      cmocka_unit_test(pieces),  cmocka_unit_test(classless_routes),
        cmocka_unit_test(search_lists), cmocka_unit_test(refused), cmocka_unit_test(emitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
