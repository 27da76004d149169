/* Logs, metrics and the phrases of errors. */
#include "test/support/test.h"

#include <stdio.h>

#include <mirage/log.h>
#include <mirage/metric.h>

static struct log_source tcp = { "tcp", LOG_LEVEL_UNSET, NULL };
static struct log_source udp = { "udp", LOG_LEVEL_UNSET, NULL };

static char last[2048];
static enum log_level last_level;
static int lines;

static void sink(void *ctx, enum log_level level, const char *line, size_t len)
{
    assert_ptr_equal(ctx, last);
    assert_int_equal(strlen(line), len);
    memcpy(last, line, len + 1);
    last_level = level;
    lines++;
    /* A message that a sink logs itself is dropped. */
    log_write(&tcp, LOG_LEVEL_ERROR, "from the sink");
}

static int set_up(void **state)
{
    (void)state;
    lines = 0;
    log_set_sink(sink, last);
    return log_configure(NULL) != OK;
}

static int tear_down(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    return 0;
}

static enum log_level level_of(struct log_source *source)
{
    enum log_level most = LOG_LEVEL_QUIET;
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
        if (log_enabled(source, (enum log_level)level))
            most = (enum log_level)level;
    return most;
}

static void levels(void **state)
{
    static const struct {
        const char *spec;
        enum log_level tcp, udp;
    } vectors[] = {
        { NULL, LOG_LEVEL_INFO, LOG_LEVEL_INFO },
        { "", LOG_LEVEL_INFO, LOG_LEVEL_INFO },
        { "debug", LOG_LEVEL_DEBUG, LOG_LEVEL_DEBUG },
        { "*:warning", LOG_LEVEL_WARNING, LOG_LEVEL_WARNING },
        { "tcp:debug", LOG_LEVEL_DEBUG, LOG_LEVEL_INFO },
        { "tcp:debug,*:error", LOG_LEVEL_DEBUG, LOG_LEVEL_ERROR },
        { "*:error,tcp:debug", LOG_LEVEL_DEBUG, LOG_LEVEL_ERROR },
        { "tcp:debug,tcp:quiet", LOG_LEVEL_QUIET, LOG_LEVEL_INFO },
        { "quiet,udp:info", LOG_LEVEL_QUIET, LOG_LEVEL_INFO },
        { "tc:debug,tcpp:debug", LOG_LEVEL_INFO, LOG_LEVEL_INFO },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        assert_int_equal(log_configure(vectors[i].spec), OK);
        assert_int_equal(level_of(&tcp), vectors[i].tcp);
        assert_int_equal(level_of(&udp), vectors[i].udp);
    }
}

static void bad_specifications_change_nothing(void **state)
{
    static const char *const specs[] = { "loud",
                                         "tcp:",
                                         ":debug",
                                         "tcp:loud",
                                         "tcp:debug,",
                                         ",",
                                         "tcp:debug,,udp:info",
                                         "tcp:debug udp:info",
                                         "tcp:Debug",
                                         "a:b:debug",
                                         "limit",
                                         "limit:",
                                         "limit:debug",
                                         "limit:-1",
                                         "limit:1000001",
                                         "limit:99999999999" };
    (void)state;
    assert_int_equal(log_configure("tcp:debug"), OK);
    for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
        err e = log_configure(specs[i]);
        /* A comma at the end is allowed. */
        if (strcmp(specs[i], "tcp:debug,") == 0)
            continue;
        if (e != ERR_FORMAT)
            fail_msg("'%s' was taken", specs[i]);
        assert_int_equal(level_of(&tcp), LOG_LEVEL_DEBUG);
    }
}

static void lines_say_what_they_should(void **state)
{
    unsigned seconds, micros;
    int at = 0;
    (void)state;
    log_write(&tcp, LOG_LEVEL_WARNING, "segment %d of %s", 7, "ten");
    assert_int_equal(lines, 1);
    assert_int_equal(last_level, LOG_LEVEL_WARNING);
    assert_int_equal(sscanf(last, "%5u.%6u %n", &seconds, &micros, &at), 2);
    assert_string_equal(last + at, "warning tcp: segment 7 of ten");
    log_write(&udp, LOG_LEVEL_ERROR, "a\nb\033[1mc\177d\te");
    assert_non_null(strstr(last, "error   udp: a?b?[1mc?d?e"));
    log_write(&udp, LOG_LEVEL_INFO, "%s", "");
    assert_non_null(strstr(last, "info    udp: "));
}

static void long_lines_are_cut(void **state)
{
    char text[3000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_write(&tcp, LOG_LEVEL_INFO, "%s", text);
    size_t len = strlen(last);
    assert_true(len > 900 && len < 1024);
    assert_string_equal(last + len - 4, "x...");
    /* A message that just fits is complete. */
    size_t head = (size_t)(strchr(last, 'x') - last);
    text[len - head] = '\0';
    log_write(&tcp, LOG_LEVEL_INFO, "%s", text);
    assert_string_equal(last + head, text);
}

static void macros_check_the_level_first(void **state)
{
    LOG_SOURCE(udp);
    int evaluated = 0;
    (void)state;
    assert_int_equal(log_configure("udp:info"), OK);
    log_debug("%d", ++evaluated);
    assert_int_equal(evaluated, 0);
    assert_int_equal(lines, 0);
    log_info("%d", ++evaluated);
    log_warning("%d", ++evaluated);
    log_error("%d", ++evaluated);
    assert_int_equal(evaluated, 3);
    assert_int_equal(lines, 3);
}

static void visit(void *ctx, const struct metric *metric)
{
    strcat(ctx, metric->name);
    strcat(ctx, " ");
}

struct counted {
    int other;
    struct metric in, more[2];
};

static void metrics(void **state)
{
    static const struct metric_row rows[] = {
        METRIC_ROW(struct counted, in, COUNTER, "tcp.segments_in", "Segments \\ received\nso far"),
        METRIC_ROW(struct counted, more[1], GAUGE, "heap-bytes", NULL),
    };
    static const struct metric_row plain[] = {
        METRIC_ROW(struct counted, in, COUNTER, "tcp.segments_in", NULL),
        METRIC_ROW(struct counted, more[0], GAUGE, "2nd", NULL),
    };
    struct counted a = { .other = 1 }, b = { .other = 1 };
    char text[1024] = "";
    (void)state;
    assert_int_equal(metric_print(text, sizeof text), 0);
    metric_register(rows, &a, "tcp__1");
    metric_register(plain, &b, "a\"b\\c\nd");
    metric_add(&a.in, 5);
    metric_add(&a.in, 2);
    a.more[1].value = -3;
    b.in.value = INT64_MAX;
    metric_each(visit, text);
    assert_string_equal(text, "tcp.segments_in heap-bytes tcp.segments_in 2nd ");
    static const char want[] = "# HELP tcp_segments_in Segments \\\\ received\\nso far\n"
                               "# TYPE tcp_segments_in counter\n"
                               "tcp_segments_in{instance=\"tcp__1\"} 7\n"
                               "tcp_segments_in{instance=\"a\\\"b\\\\c\\nd\"} 9223372036854775807\n"
                               "# TYPE heap_bytes gauge\n"
                               "heap_bytes{instance=\"tcp__1\"} -3\n"
                               "# TYPE _2nd gauge\n"
                               "_2nd{instance=\"a\\\"b\\\\c\\nd\"} 0\n";
    assert_int_equal(metric_print(text, sizeof text), sizeof want - 1);
    assert_string_equal(text, want);
    /* The result is like snprintf's: the length that the text needs. The buffer has the part that fits. */
    memset(text, 'x', sizeof text);
    assert_int_equal(metric_print(text, 10), sizeof want - 1);
    assert_string_equal(text, "# HELP tc");
    assert_int_equal(metric_print(NULL, 0), sizeof want - 1);
    assert_int_equal(metric_print(text, sizeof want), sizeof want - 1);
    assert_string_equal(text, want);
    metric_unregister(rows, &a);
    metric_unregister(rows, &a);
    text[0] = '\0';
    metric_each(visit, text);
    assert_string_equal(text, "tcp.segments_in 2nd ");
    /* Without an instance there is no label. A metric keeps its value after its registration ends. */
    metric_register(rows, &a, NULL);
    metric_unregister(plain, &b);
    static const char bare[] = "# HELP tcp_segments_in Segments \\\\ received\\nso far\n"
                               "# TYPE tcp_segments_in counter\n"
                               "tcp_segments_in 7\n"
                               "# TYPE heap_bytes gauge\n"
                               "heap_bytes -3\n";
    assert_int_equal(metric_print(text, sizeof text), sizeof bare - 1);
    assert_string_equal(text, bare);
    metric_unregister(rows, &a);
    assert_int_equal(metric_print(text, sizeof text), 0);
    assert_int_equal(a.other, 1);
}

static void errors_have_phrases(void **state)
{
    (void)state;
    for (int e = 0; e < ERR_COUNT; e++) {
        assert_string_not_equal(err_string((err)e), "unknown error");
        for (int other = 0; other < e; other++)
            assert_string_not_equal(err_string((err)e), err_string((err)other));
    }
    assert_string_equal(err_string(ERR_NO_MEMORY), "no memory");
    assert_string_equal(err_string(ERR_COUNT), "unknown error");
    assert_string_equal(err_string((err)-1), "unknown error");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(levels),
        TEST(bad_specifications_change_nothing),
        TEST(lines_say_what_they_should),
        TEST(long_lines_are_cut),
        TEST(macros_check_the_level_first),
        TEST(metrics),
        TEST(errors_have_phrases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
