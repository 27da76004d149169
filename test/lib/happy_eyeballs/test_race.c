/*
 * When happy eyeballs tries each address (RFC 8305), and in which order a resolver returns them (RFC 6724).
 */
#include "test/support/test.h"

#include <stdlib.h>

#include "lib/dns_client/dns_client.h"
#include "lib/happy_eyeballs/race.h"

/* The source address of this host for each destination, by a table of the test. */
static const char *const (*sources)[2];

err stack_ip_source(struct stack_ip *ip, const struct ip_addr *destination, struct ip_addr *out)
{
    char text[IP_TEXT_SIZE];
    (void)ip;
    ip_format(destination, text);
    for (size_t i = 0; sources[i][0] != NULL; i++)
        if (strcmp(sources[i][0], text) == 0)
            return sources[i][1] == NULL ? ERR_UNREACHABLE
                                         : ip_parse(out, sources[i][1], strlen(sources[i][1]));
    return ERR_UNREACHABLE;
}

/* Check that the destinations of `from`, each with its source, are sorted into the order of `to`. */
static void check_order(const char *const from[][2], const char *const *to)
{
    struct ip_addr list[8];
    char text[IP_TEXT_SIZE];
    size_t count = 0;
    sources = from;
    for (; from[count][0] != NULL; count++)
        assert_int_equal(ip_parse(&list[count], from[count][0], strlen(from[count][0])), OK);
    sort_addresses(NULL, list, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(ip_format(&list[i], text), to[i]);
}
#define ORDER(from, ...) check_order(from, (const char *const[]){ __VA_ARGS__ })

/* The examples of RFC 6724, section 10.2. */
static void order(void **state)
{
    static const char *const scope[][2] = { { "198.51.100.121", "169.254.13.78" },
                                            { "2001:db8:1::1", "2001:db8:1::2" },
                                            { 0 } };
    static const char *const scope4[][2] = { { "2001:db8:1::1", "fe80::1" },
                                             { "198.51.100.121", "198.51.100.117" },
                                             { 0 } };
    static const char *const higher[][2] = { { "10.1.2.3", "10.1.2.4" },
                                             { "2001:db8:1::1", "2001:db8:1::2" },
                                             { 0 } };
    static const char *const smaller[][2] = { { "2001:db8:1::1", "2001:db8:1::2" },
                                              { "fe80::1", "fe80::2" },
                                              { 0 } };
    static const char *const prefix[][2] = { { "2001:db8:3ffe::1", "2001:db8:1::2" },
                                             { "2001:db8:1::1", "2001:db8:1::2" },
                                             { 0 } };
    static const char *const label[][2] = { { "2001:db8:1::1", "2002:c633:6401::2" },
                                            { "2002:c633:6401::1", "2002:c633:6401::2" },
                                            { 0 } };
    static const char *const unusable[][2] = { { "2001:db8::1", NULL }, { "192.0.2.1", "192.0.2.2" }, { 0 } };
    static const char *const equal[][2] = {
        { "192.0.2.9", "192.0.2.2" }, { "192.0.2.1", "192.0.2.2" }, { "192.0.2.5", "192.0.2.2" }, { 0 }
    };
    static const char *const local[][2] = {
        { "fd00::1", "2001:db8::2" }, { "192.0.2.1", "192.0.2.2" }, { "2001:db8::1", "2001:db8::2" }, { 0 }
    };
    (void)state;
    ORDER(scope, "2001:db8:1::1", "198.51.100.121");
    ORDER(scope4, "198.51.100.121", "2001:db8:1::1");
    ORDER(higher, "2001:db8:1::1", "10.1.2.3");
    ORDER(smaller, "fe80::1", "2001:db8:1::1");
    ORDER(prefix, "2001:db8:1::1", "2001:db8:3ffe::1");
    ORDER(label, "2002:c633:6401::1", "2001:db8:1::1");
    ORDER(unusable, "192.0.2.1", "2001:db8::1");
    ORDER(equal, "192.0.2.9", "192.0.2.1", "192.0.2.5");
    ORDER(local, "2001:db8::1", "192.0.2.1", "fd00::1");
}

static struct ip_addr v6_list[3], v4_list[3];

static struct race begin(void)
{
    struct race race;
    for (uint8_t i = 0; i < 3; i++) {
        v6_list[i] = (struct ip_addr){ .bytes = { 0x20, 1, 0xd, 0xb8, [15] = i } };
        v4_list[i] = IP_V4(192, 0, 2, i);
    }
    race_begin(&race, MILLISECONDS(250), MILLISECONDS(50));
    return race;
}

/*
 * Check what the race does at this time in milliseconds. `number` is the address that it starts with, or -1:
 * it waits until `wake`, or -2: it has lost.
 */
static void expect(struct race *race, int now, bool v6, int number, int wake)
{
    struct ip_addr addr;
    os_time until;
    enum race_move move = race_next(race, MILLISECONDS(now), &addr, &until);
    if (number == -2) {
        assert_int_equal(move, RACE_LOST);
    } else if (number == -1) {
        assert_int_equal(move, RACE_WAIT);
        assert_true(until == (wake < 0 ? OS_NEVER : MILLISECONDS(wake)));
    } else {
        assert_int_equal(move, RACE_START);
        assert_true(ip_equal(&addr, v6 ? &v6_list[number] : &v4_list[number]));
    }
}

static void found(struct race *race, int now, bool v6, size_t count, err e)
{
    race_found(race, v6, e, v6 ? v6_list : v4_list, count, MILLISECONDS(now));
}

static void both_families(void **state)
{
    struct race race = begin();
    (void)state;
    expect(&race, 0, false, -1, -1);
    found(&race, 10, true, 3, OK);
    expect(&race, 10, true, 0, 0);
    expect(&race, 10, false, -1, 260);
    found(&race, 20, false, 2, OK);
    expect(&race, 260, false, 0, 0);
    expect(&race, 300, false, -1, 510);
    race_ended(&race, MILLISECONDS(300));
    expect(&race, 300, true, 1, 0);
    expect(&race, 550, false, 1, 0);
    expect(&race, 800, true, 2, 0);
    expect(&race, 2000, false, -1, -1);
    for (int i = 0; i < 3; i++) {
        race_ended(&race, MILLISECONDS(2000));
        expect(&race, 2000, false, -1, -1);
    }
    race_ended(&race, MILLISECONDS(3000));
    expect(&race, 3000, false, -2, 0);
}

static void resolution_delay(void **state)
{
    struct race race = begin();
    (void)state;
    found(&race, 100, false, 1, OK);
    expect(&race, 100, false, -1, 150);
    found(&race, 130, true, 1, OK);
    expect(&race, 130, true, 0, 0);
    race = begin();
    found(&race, 100, false, 1, OK);
    expect(&race, 150, false, 0, 0);
    found(&race, 160, true, 1, OK);
    expect(&race, 160, false, -1, 400);
    expect(&race, 400, true, 0, 0);
    race = begin();
    found(&race, 90, true, 0, ERR_NOT_FOUND);
    found(&race, 100, false, 1, OK);
    expect(&race, 100, false, 0, 0);
}

static void nothing(void **state)
{
    struct race race = begin();
    (void)state;
    found(&race, 1, true, 0, ERR_NOT_FOUND);
    expect(&race, 1, false, -1, -1);
    found(&race, 1, false, 0, ERR_TIMEOUT);
    expect(&race, 1, false, -2, 0);
    assert_int_equal(race_error(&race), ERR_TIMEOUT);
    race = begin();
    found(&race, 1, true, 0, ERR_TIMEOUT);
    found(&race, 1, false, 0, ERR_NOT_FOUND);
    assert_int_equal(race_error(&race), ERR_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(both_families),
        cmocka_unit_test(resolution_delay),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
