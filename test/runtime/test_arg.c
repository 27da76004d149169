#define _GNU_SOURCE
#include "test/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mirage/arg.h>
#include <mirage/log.h>

#define FIRST_PORT 4000 + 80

ARG_BOOL(verbose, false, "say more");
ARG_BOOL(fast_path, true, "take it");
ARG_INT(count, 10, "how many");
ARG_INT(limit, FIRST_PORT,
        "the most of them, which takes so many words to say that they go on in the next line");
ARG_PORT(port, 8080, "TCP port to listen on");
ARG_STRING(root, "/", "where files are");
ARG_STRING(title, NULL, "what the page is called");
ARG_IP(gateway, NULL, "the way out");
ARG_CIDR(ipv4, "10.0.0.2/24", "own address");
ARG_DURATION(timeout, "30s", "how long to wait");
ARG_STRINGS(names, "a,b", "names of things");
ARG_IPS(servers, "1.1.1.1,::1", "who to ask");

/* A second instance declares the same names. */
static uint16_t other_port;
static bool port_given;
static const struct arg other_port_arg = { "port", ARG_TYPE_PORT, &other_port, "TCP port to listen on",
                                           "8080", &port_given };
static struct arg_strings other_names;
static const struct arg other_names_arg = { "names", ARG_TYPE_STRINGS, &other_names, "names of things", "c",
                                            NULL };

static const struct arg_entry entries[] = {
    { &mirage_arg_port, "web_1" },  { &mirage_arg_root, "web_1" },    { &mirage_arg_title, "web_1" },
    { &mirage_arg_names, "web_1" }, { &other_port_arg, "web__2" },    { &other_names_arg, "web__2" },
    { &mirage_arg_verbose, NULL },  { &mirage_arg_fast_path, "net" }, { &mirage_arg_count, "net" },
    { &mirage_arg_limit, "net" },   { &mirage_arg_gateway, "net" },   { &mirage_arg_ipv4, "net" },
    { &mirage_arg_timeout, "net" }, { &mirage_arg_servers, "net" },
};
static const struct arg_program program = { "prog", "A program for tests.", ARRAY_SIZE(entries), entries };

static char said[8192];

/* Parse these words. `said` receives standard output and error. */
static enum arg_result parse_with(const struct arg_program *p, const char *const *words)
{
    const char *argv[20] = { "prog" };
    int argc = 1;
    while (*words != NULL)
        argv[argc++] = *words++;
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    int out = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    enum arg_result result = arg_parse(p, argc, (char *const *)argv);
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    close(out);
    close(error);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    return result;
}
#define PARSE(...) parse_with(&program, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void assert_ip(const struct ip_addr *a, const char *text)
{
    char have[IP_TEXT_SIZE];
    assert_string_equal(ip_format(a, have), text);
}

static void defaults(void **state)
{
    (void)state;
    verbose = true; /* a value that an earlier parse left */
    count = 99;
    port_given = true;
    assert_int_equal(PARSE(), ARG_RUN);
    assert_string_equal(said, "");
    assert_false(verbose);
    assert_true(fast_path);
    assert_int_equal(count, 10);
    assert_int_equal(limit, 4080);
    assert_int_equal(port, 8080);
    assert_int_equal(other_port, 8080);
    assert_false(port_given);
    assert_string_equal(root, "/");
    assert_null(title);
    assert_true(ip_is_any(&gateway));
    assert_ip(&ipv4.addr, "10.0.0.2");
    assert_int_equal(ipv4.prefix, 24);
    assert_true(timeout == SECONDS(30));
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[1], "b");
    assert_int_equal(other_names.count, 1);
    assert_int_equal(servers.count, 2);
    assert_ip(&servers.items[1], "::1");
}

static void values(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--verbose", "--no-fast-path", "--count=-0x10", "--limit", "9223372036854775807",
                           "--root=", "--title", "a=b", "--gateway=fe80::1", "--ipv4=192.0.2.1/32",
                           "--timeout", "1h30m5s20ms3us1ns", "--servers=9.9.9.9"),
                     ARG_RUN);
    assert_true(verbose);
    assert_false(fast_path);
    assert_int_equal(count, -16);
    assert_true(limit == INT64_MAX);
    assert_string_equal(root, "");
    assert_string_equal(title, "a=b");
    assert_ip(&gateway, "fe80::1");
    assert_int_equal(ipv4.prefix, 32);
    assert_true(timeout == HOURS(1) + MINUTES(30) + SECONDS(5) + MILLISECONDS(20) + MICROSECONDS(3) + 1);
    assert_int_equal(servers.count, 1);
    assert_ip(&servers.items[0], "9.9.9.9");

    assert_int_equal(PARSE("--verbose=false", "--fast_path=true", "--count", "-5",
                           "--count=-9223372036854775808", "--timeout=250ms", "--timeout=0s", "--limit=0XfF"),
                     ARG_RUN);
    assert_false(verbose);
    assert_true(fast_path);
    assert_true(count == INT64_MIN); /* the last one counts */
    assert_true(timeout == 0);
    assert_int_equal(limit, 255);
}

static void lists(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--names=x,y", "--names", "z", "--servers=::2,3.3.3.3", "--servers=::4"), ARG_RUN);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.items[0], "x");
    assert_string_equal(names.items[1], "y");
    assert_string_equal(names.items[2], "z");
    assert_int_equal(other_names.count, 3);
    assert_int_equal(servers.count, 3);
    assert_ip(&servers.items[2], "::4");
    assert_int_equal(PARSE("--names=", "--servers="), ARG_RUN);
    assert_int_equal(names.count, 0);
    assert_int_equal(servers.count, 0);
    assert_int_equal(PARSE("--names=,a,"), ARG_RUN);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.items[0], "");
    assert_string_equal(names.items[1], "a");
    assert_string_equal(names.items[2], "");
}

static void instances(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--port=1"), ARG_RUN);
    assert_int_equal(port, 1);
    assert_int_equal(other_port, 1);
    assert_true(port_given);
    assert_int_equal(PARSE("--port=1", "--web__2-port=2"), ARG_RUN);
    assert_int_equal(port, 1);
    assert_int_equal(other_port, 2);
    assert_int_equal(PARSE("--web-1-port=3"), ARG_RUN);
    assert_int_equal(port, 3);
    assert_int_equal(other_port, 8080);
    assert_false(port_given);
    assert_int_equal(PARSE("--web--2-names=q", "--no-net-fast-path"), ARG_RUN);
    assert_int_equal(names.count, 2);
    assert_int_equal(other_names.count, 1);
    assert_string_equal(other_names.items[0], "q");
    assert_false(fast_path);
}

static void mistakes(void **state)
{
#define DURATION "expected a duration with units h, m, s, ms, us or ns, as 1h30m or 250ms"
#define NUMBER "expected a 64-bit number, decimal or 0x and hexadecimal"
    static const struct {
        const char *words[2], *message;
    } vectors[] = {
        { { "--port=99999" }, "--port=99999: expected a port number from 0 to 65535" },
        { { "--port", "-1" }, "--port=-1: expected a port number from 0 to 65535" },
        { { "--port=" }, "--port=: expected a port number from 0 to 65535" },
        { { "--web_1-port=http" }, "--web_1-port=http: expected a port number from 0 to 65535" },
        { { "--port" }, "--port needs a value: a port number from 0 to 65535" },
        { { "--port", "--verbose" }, "--port needs a value: a port number from 0 to 65535" },
        { { "--verbose=yes" }, "--verbose=yes: expected true or false" },
        { { "--no-verbose=true" }, "--no-verbose takes no value" },
        { { "--no-port" },
          "--no-port: only a yes-or-no argument can be negated, and --port is a port number "
          "from 0 to 65535" },
        { { "--count=1x" }, "--count=1x: " NUMBER },
        { { "--count=" }, "--count=: " NUMBER },
        { { "--count=-" }, "--count=-: " NUMBER },
        { { "--count=0x" }, "--count=0x: " NUMBER },
        { { "--count= 1" }, "--count= 1: " NUMBER },
        { { "--count=9223372036854775808" }, "--count=9223372036854775808: " NUMBER },
        { { "--count=-9223372036854775809" }, "--count=-9223372036854775809: " NUMBER },
        { { "--gateway=1.2.3" }, "--gateway=1.2.3: expected an IPv4 or IPv6 address" },
        { { "--ipv4=10.0.0.2/33" },
          "--ipv4=10.0.0.2/33: expected an address with a prefix length, as 10.0.0.2/24" },
        { { "--ipv4=10.0.0.2" },
          "--ipv4=10.0.0.2: expected an address with a prefix length, as 10.0.0.2/24" },
        { { "--ipv4=2001:db8::2" },
          "--ipv4=2001:db8::2: expected an address with a prefix length, as 10.0.0.2/24" },
        { { "--servers=1.1.1.1," },
          "--servers=1.1.1.1,: expected IPv4 or IPv6 addresses with commas between" },
        { { "--timeout=30" }, "--timeout=30: " DURATION },
        { { "--timeout=" }, "--timeout=: " DURATION },
        { { "--timeout=1s1h" }, "--timeout=1s1h: " DURATION },
        { { "--timeout=1s1s" }, "--timeout=1s1s: " DURATION },
        { { "--timeout=-1s" }, "--timeout=-1s: " DURATION },
        { { "--timeout=1.5s" }, "--timeout=1.5s: " DURATION },
        { { "--timeout=9999999999h" }, "--timeout=9999999999h: " DURATION },
        { { "--timeout=99999999999999999999ns" }, "--timeout=99999999999999999999ns: " DURATION },
        { { "--prot=1" }, "there is no argument --prot; did you mean --port?" },
        { { "--timout=1s" }, "there is no argument --timout; did you mean --timeout?" },
        { { "--no-verbos" }, "there is no argument --no-verbos; did you mean --no-verbose?" },
        { { "--web1-port=1" }, "there is no argument --web1-port; did you mean --web_1-port?" },
        { { "--lgo=debug" }, "there is no argument --lgo; --help lists them" },
        { { "--halp" }, "there is no argument --halp; did you mean --help?" },
        { { "--completely-different" }, "there is no argument --completely-different; --help lists them" },
        { { "port=1" }, "unexpected port=1; arguments are written --name=value" },
        { { "-p" }, "unexpected -p; arguments are written --name=value" },
        { { "--" }, "unexpected --; arguments are written --name=value" },
        { { "" }, "unexpected ; arguments are written --name=value" },
        { { "--log=loud" },
          "--log=loud: expected levels as tcp:debug,*:info, each one of error, warning, info, "
          "debug or quiet" },
        { { "--log" }, "--log needs a value: levels as tcp:debug,*:info" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char want[512];
        snprintf(want, sizeof want, "prog: %s\n", vectors[i].message);
        enum arg_result result = vectors[i].words[1] != NULL ? PARSE(vectors[i].words[0], vectors[i].words[1])
                                                             : PARSE(vectors[i].words[0]);
        assert_int_equal(result, ARG_BAD);
        assert_string_equal(said, want);
    }
}

static void long_words_are_no_danger(void **state)
{
    char word[5000];
    (void)state;
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    memcpy(word, "--", 2);
    assert_int_equal(PARSE(word), ARG_BAD);
    memcpy(word, "--port=", 7);
    assert_int_equal(PARSE(word), ARG_BAD);
    memcpy(word, "xx", 2);
    assert_int_equal(PARSE(word), ARG_BAD);
}

static void help(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--help", "--nonsense"), ARG_DONE);
    assert_string_equal(
        said,
        "Usage: prog [--argument=value ...]\n"
        "\n"
        "A program for tests.\n"
        "\n"
        "Arguments of several instances:\n"
        "  --port=PORT             TCP port to listen on (default 8080); for one of them: --web_1-port,\n"
        "                          --web__2-port\n"
        "  --names=TEXT,...        names of things (default a,b); for one of them: --web_1-names,\n"
        "                          --web__2-names\n"
        "\n"
        "Arguments of web_1:\n"
        "  --root=TEXT             where files are (default /)\n"
        "  --title=TEXT            what the page is called\n"
        "\n"
        "Arguments:\n"
        "  --[no-]verbose          say more (default false)\n"
        "\n"
        "Arguments of net:\n"
        "  --[no-]fast-path        take it (default true)\n"
        "  --count=NUMBER          how many (default 10)\n"
        "  --limit=NUMBER          the most of them, which takes so many words to say that they go on in\n"
        "                          the next line (default FIRST_PORT)\n"
        "  --gateway=ADDRESS       the way out\n"
        "  --ipv4=ADDRESS/PREFIX   own address (default 10.0.0.2/24)\n"
        "  --timeout=DURATION      how long to wait (default 30s)\n"
        "  --servers=ADDRESS,...   who to ask (default 1.1.1.1,::1)\n"
        "\n"
        "Arguments of every program:\n"
        "  --log=SOURCE:LEVEL,...  what is logged, as tcp:debug,*:info; levels are error, warning, info,\n"
        "                          debug and quiet; limit:N allows N lines a second, and limit:0 any\n"
        "                          number (default *:info,limit:20)\n"
        "  --help                  this text\n");
    assert_int_equal(PARSE("-h"), ARG_DONE);
    static const struct arg_program empty = { "empty", NULL, 0, NULL };
    assert_int_equal(parse_with(&empty, (const char *const[]){ "--help", NULL }), ARG_DONE);
    assert_int_equal(parse_with(&empty, (const char *const[]){ NULL }), ARG_RUN);
    assert_int_equal(parse_with(&empty, (const char *const[]){ "--x", NULL }), ARG_BAD);
}

static void log_adds_up(void **state)
{
    static struct log_source tcp = { "tcp", LOG_LEVEL_UNSET, NULL }, udp = { "udp", LOG_LEVEL_UNSET, NULL };
    (void)state;
    assert_int_equal(PARSE("--log=tcp:debug", "--log", "*:quiet"), ARG_RUN);
    assert_true(log_enabled(&tcp, LOG_LEVEL_DEBUG));
    assert_false(log_enabled(&udp, LOG_LEVEL_ERROR));
    assert_int_equal(log_configure(NULL), OK);
}

static void bad_defaults_are_told(void **state)
{
    static os_time wait;
    static const struct arg bad = { "wait", ARG_TYPE_DURATION, &wait, "", "soon", NULL };
    static const struct arg_entry entry = { &bad, NULL };
    static const struct arg_program broken = { "broken", "", 1, &entry };
    (void)state;
    assert_int_equal(parse_with(&broken, (const char *const[]){ NULL }), ARG_BAD);
    assert_string_equal(said,
                        "broken: the default of --wait, soon, is not a duration with units h, m, s, ms, "
                        "us or ns, as 1h30m or 250ms\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(values),
        cmocka_unit_test(lists),
        cmocka_unit_test(instances),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(long_words_are_no_danger),
        cmocka_unit_test(help),
        cmocka_unit_test(log_adds_up),
        cmocka_unit_test(bad_defaults_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
