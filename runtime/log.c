/*
 * Logs: a line is built on the stack and leaves in one write.
 *
 * The limits are token buckets, each kept as one time: that by which all that was logged would be paid for at
 * the bucket's rate. A bucket that holds `burst` lines and gets one each `interval` refuses a line when that
 * time is more than burst - 1 intervals ahead of now.
 */
#include "runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

LOG_SOURCE(log);

#define LINE_SIZE 1024
#define LIMIT_MOST 1000000

#define DEBUG_FACTOR 50 /* of lines, for debug messages */
#define SITE_PART 20    /* of all lines, for the rate of a site */
#define SITE_HELD 4     /* of all lines, for what a site may log at once */

/* How long a site waits for its next line to tell what it has left out. */
#define TELL_AFTER SECONDS(2)

static const struct {
    const char *name, *colour;
} levels[] = {
    [LOG_LEVEL_ERROR] = { "error", "\033[31m" },
    [LOG_LEVEL_WARNING] = { "warning", "\033[33m" },
    [LOG_LEVEL_INFO] = { "info", "\033[32m" },
    [LOG_LEVEL_DEBUG] = { "debug", "\033[36m" },
};

static bool parse_level(const char *text, size_t len, enum log_level *out)
{
    if (len == 5 && memcmp(text, "quiet", 5) == 0) {
        *out = LOG_LEVEL_QUIET;
        return true;
    }
    for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
        if (strlen(levels[i].name) == len && memcmp(text, levels[i].name, len) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static bool parse_limit(const char *text, size_t len, uint32_t *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(text[i] - '0');
        if (n > LIMIT_MOST)
            return false;
    }
    *out = n;
    return len > 0;
}

/* "tcp:debug", or with `is_limit` "limit:20". */
struct rule {
    const char *name;
    size_t name_len;
    enum log_level level;
    bool is_limit;
    uint32_t limit;
};

/* The next rule of *spec, which moves on; false when it is no rule. */
static bool next_rule(const char **spec, struct rule *rule)
{
    size_t len = strcspn(*spec, ",");
    const char *text = *spec, *colon = memchr(text, ':', len);
    *spec += len + (text[len] == ',');
    *rule = (struct rule){ .name = "*", .name_len = 1 };
    if (colon == NULL)
        return parse_level(text, len, &rule->level);
    rule->name = text;
    rule->name_len = (size_t)(colon - text);
    len -= rule->name_len + 1;
    rule->is_limit = rule->name_len == 5 && memcmp(text, "limit", 5) == 0;
    if (rule->is_limit)
        return parse_limit(colon + 1, len, &rule->limit);
    return rule->name_len > 0 && parse_level(colon + 1, len, &rule->level);
}

err log_configure(const char *spec)
{
    char *copy = NULL;
    struct rule rule;
    uint32_t limit = LOG_LIMIT;
    for (const char *rest = spec; rest != NULL && *rest != '\0';) {
        if (!next_rule(&rest, &rule))
            return ERR_FORMAT;
        if (rule.is_limit)
            limit = rule.limit;
    }
    if (spec != NULL) {
        copy = strdup(spec);
        if (copy == NULL)
            return ERR_NO_MEMORY;
    }
    free(runtime.log_spec);
    runtime.log_spec = copy;
    runtime.log_limit = limit;
    /* The sources ask for their levels again with their next message. */
    while (runtime.log_sources != NULL) {
        struct log_source *source = runtime.log_sources;
        runtime.log_sources = source->next;
        source->next = NULL;
        source->level = LOG_LEVEL_UNSET;
    }
    return OK;
}

enum log_level log_source_level(struct log_source *source)
{
    enum log_level named = LOG_LEVEL_UNSET, others = LOG_LEVEL_INFO;
    struct rule rule;
    for (const char *rest = runtime.log_spec; rest != NULL && *rest != '\0';) {
        if (!next_rule(&rest, &rule))
            break;
        if (rule.is_limit)
            continue;
        if (rule.name_len == 1 && rule.name[0] == '*')
            others = rule.level;
        else if (strlen(source->name) == rule.name_len && memcmp(source->name, rule.name, rule.name_len) == 0)
            named = rule.level;
    }
    if (source->level == LOG_LEVEL_UNSET) {
        source->next = runtime.log_sources;
        runtime.log_sources = source;
    }
    source->level = named != LOG_LEVEL_UNSET ? named : others;
    return source->level;
}

void log_set_sink(void (*sink)(void *ctx, enum log_level level, const char *line, size_t len), void *ctx)
{
    runtime.log_sink = sink;
    runtime.log_ctx = ctx;
}

/* Write a line, which ends by telling how many others were left out, when there are any. */
static __attribute__((format(printf, 4, 0))) void write_line(struct log_source *source, enum log_level level,
                                                             uint64_t left_out, const char *format,
                                                             va_list args)
{
    char line[LINE_SIZE], tail[48] = "";
    if (runtime.log_in_sink)
        return;
    os_time now = os_now();
    if (runtime.log_start == 0) {
        runtime.log_start = now;
        runtime.log_colour = platform_console_colour(PLATFORM_LOG);
    }
    now -= runtime.log_start;
    bool colour = runtime.log_colour && runtime.log_sink == NULL;
    int used = snprintf(line, sizeof line, "%5lld.%06lld %s%-7s%s %.64s: ", (long long)(now / SECONDS(1)),
                        (long long)(now % SECONDS(1) / 1000), colour ? levels[level].colour : "",
                        levels[level].name, colour ? "\033[0m" : "", source->name);
    size_t tail_len = 0;
    if (left_out > 0)
        tail_len = (size_t)snprintf(tail, sizeof tail, " (%" PRIu64 " more were left out)", left_out);
    size_t head = (size_t)used, len = head, room = sizeof line - 1 - head - tail_len;
    used = vsnprintf(line + head, room, format, args);
    if (used > 0)
        len += (size_t)used < room ? (size_t)used : room - 1;
    if (used > 0 && (size_t)used >= room)
        memcpy(line + len - 3, "...", 3);
    /* A message may contain what outsiders sent. It stays one line, and moves no cursor. */
    for (size_t i = head; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';
    memcpy(line + len, tail, tail_len);
    len += tail_len;

    if (runtime.log_sink != NULL) {
        line[len] = '\0';
        runtime.log_in_sink = true;
        runtime.log_sink(runtime.log_ctx, level, line, len);
        runtime.log_in_sink = false;
        return;
    }
    line[len++] = '\n';
    platform_console_write(PLATFORM_LOG, line, len);
}

void log_write(struct log_source *source, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(source, level, 0, format, args);
    va_end(args);
}

/* limits */

struct bucket {
    os_time interval;
    uint32_t burst;
};

static struct bucket bucket_of(os_time per_second, uint32_t burst)
{
    return (struct bucket){ SECONDS(1) / (per_second > 0 ? per_second : 1), burst > 0 ? burst : 1 };
}

/* Three quarters of the lines of a second come at once, and the others within the second. */
static struct bucket all_bucket(bool debug)
{
    uint32_t lines = runtime.log_limit * (debug ? DEBUG_FACTOR : 1);
    return bucket_of(lines / 4, lines - lines / 4 > 0 ? lines - lines / 4 - 1 : 0);
}

static struct bucket site_bucket(void)
{
    return bucket_of(runtime.log_limit / SITE_PART, runtime.log_limit / SITE_HELD);
}

static bool has_room(struct bucket bucket, os_time paid, os_time now)
{
    return paid - now <= bucket.interval * (bucket.burst - 1);
}

static void take(struct bucket bucket, os_time *paid, os_time now)
{
    *paid = (*paid > now ? *paid : now) + bucket.interval;
}

/* Whether the site may log a line now. It then counts as logged. */
static bool admit(struct log_site *site, bool debug, os_time now)
{
    struct bucket all = all_bucket(debug), own = site_bucket();
    if (runtime.log_limit == 0 || !runtime.log_limits)
        return true;
    if (site->run != runtime.log_run) {
        site->run = runtime.log_run;
        site->paid = 0;
    }
    if (!has_room(all, runtime.log_paid[debug], now) || (!debug && !has_room(own, site->paid, now)))
        return false;
    take(all, &runtime.log_paid[debug], now);
    take(own, &site->paid, now);
    return true;
}

static void leave_out(struct log_site *site, os_time now)
{
    runtime.log_left_out++;
    if (site->left_out++ == 0)
        site->since = now;
    if (site->listed)
        return;
    site->listed = true;
    site->next = runtime.log_left;
    runtime.log_left = site;
    if (runtime.log_due > now + TELL_AFTER)
        runtime.log_due = now + TELL_AFTER;
}

static uint64_t told(struct log_site *site)
{
    uint64_t n = site->left_out;
    site->left_out = 0;
    runtime.log_told += n;
    return n;
}

void log_message(struct log_site *site, enum log_level level, const char *format, ...)
{
    os_time now = os_now();
    if (runtime.log_in_sink)
        return;
    if (!admit(site, level == LOG_LEVEL_DEBUG, now)) {
        leave_out(site, now);
        return;
    }
    va_list args;
    va_start(args, format);
    write_line(site->source, level, told(site), format, args);
    va_end(args);
}

uint64_t log_left_out(void)
{
    return runtime.log_left_out;
}

void log_begin_run(void)
{
    runtime.log_run++;
    runtime.log_limits = false;
    runtime.log_paid[0] = runtime.log_paid[1] = 0;
}

/* What a site has left out does not stay untold because nothing more happens there. */
os_time log_tell_due(os_time now)
{
    struct log_site **at = &runtime.log_left, *site;
    if (now < runtime.log_due)
        return runtime.log_due;
    while ((site = *at) != NULL) {
        if (site->left_out > 0 && (now - site->since < TELL_AFTER || !admit(site, false, now))) {
            at = &site->next;
            continue;
        }
        *at = site->next;
        site->listed = false;
        if (site->left_out > 0)
            log_write(site->source, LOG_LEVEL_WARNING,
                      "%" PRIu64 " more messages like the last were left out", told(site));
    }
    runtime.log_due = runtime.log_left != NULL ? now + TELL_AFTER / 2 : OS_NEVER;
    return runtime.log_due;
}

void log_end_run(void)
{
    uint64_t untold = runtime.log_left_out - runtime.log_told;
    struct log_site *next;
    for (struct log_site *site = runtime.log_left; site != NULL; site = next) {
        next = site->next;
        site->listed = false;
        told(site);
    }
    runtime.log_left = NULL;
    runtime.log_due = OS_NEVER;
    if (untold > 0)
        log_always(LOG_LEVEL_WARNING, "%" PRIu64 " more messages were left out", untold);
}
