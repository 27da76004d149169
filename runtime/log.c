/* Logs: a line is built on the stack and leaves in one write. */
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_SIZE 1024

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

/* The next rule of *spec, which moves on; false when it is no rule. */
static bool next_rule(const char **spec, const char **name, size_t *name_len, enum log_level *level)
{
    size_t len = strcspn(*spec, ",");
    const char *text = *spec, *colon = memchr(text, ':', len);
    *spec += len + (text[len] == ',');
    *name = "*";
    *name_len = 1;
    if (colon == NULL)
        return parse_level(text, len, level);
    *name = text;
    *name_len = (size_t)(colon - text);
    return *name_len > 0 && parse_level(colon + 1, len - *name_len - 1, level);
}

err log_configure(const char *spec)
{
    char *copy = NULL;
    const char *name;
    size_t name_len;
    enum log_level level;
    for (const char *rest = spec; rest != NULL && *rest != '\0';)
        if (!next_rule(&rest, &name, &name_len, &level))
            return ERR_FORMAT;
    if (spec != NULL) {
        copy = strdup(spec);
        if (copy == NULL)
            return ERR_NO_MEMORY;
    }
    free(runtime.log_spec);
    runtime.log_spec = copy;
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
    enum log_level named = LOG_LEVEL_UNSET, others = LOG_LEVEL_INFO, level;
    const char *name;
    size_t name_len;
    for (const char *rest = runtime.log_spec; rest != NULL && *rest != '\0';) {
        if (!next_rule(&rest, &name, &name_len, &level))
            break;
        if (name_len == 1 && name[0] == '*')
            others = level;
        else if (strlen(source->name) == name_len && memcmp(source->name, name, name_len) == 0)
            named = level;
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

void log_write(struct log_source *source, enum log_level level, const char *format, ...)
{
    char line[LINE_SIZE];
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
    size_t head = (size_t)used, len = head, room = sizeof line - 1 - head;
    va_list args;
    va_start(args, format);
    used = vsnprintf(line + head, room, format, args);
    va_end(args);
    if (used > 0)
        len += (size_t)used < room ? (size_t)used : room - 1;
    if (used > 0 && (size_t)used >= room)
        memcpy(line + len - 3, "...", 3);
    /* A message may contain what outsiders sent. It stays one line, and moves no cursor. */
    for (size_t i = head; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            line[i] = '?';

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
