/*
 * Logs: a source a module, a level a source. `--log=tcp:debug,*:info` sets them
 * on the command line. A message below its source's level costs a load and a branch.
 *
 * What an outsider sends can make a program log. So messages are limited from the first wait of the loop
 * on, before which nobody outside was heard. Each call of a macro is limited by itself, and all
 * together are: a call may log 5 lines at once and then one each second, and all calls 20 lines within any
 * second. Debug messages have to be asked for and are limited to 1000 lines a second in all. What was left
 * out is counted and told: at the end of the call's next line, in a line of its own when no other comes
 * within two seconds, and when os_run ends. The limits go by the runtime's clock. `limit:100` in the levels
 * raises them all in proportion, and `limit:0` ends them.
 *
 *     LOG_SOURCE(tcp);
 *     log_debug("segment %u out of window", seq);
 */
#ifndef MIRAGE_LOG_H
#define MIRAGE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <mirage/err.h>
#include <mirage/time.h>

enum log_level {
    LOG_LEVEL_QUIET = -1, /* for a source only: it logs nothing */
    LOG_LEVEL_UNSET = 0,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

struct log_source {
    const char *name;
    enum log_level level; /* unset until its first message asks the configuration */
    struct log_source *next;
};

/* A place of the program that logs, with what it may still log. It starts with its source and zeros. */
struct log_site {
    struct log_source *source;
    os_time paid; /* the time at which all that it has logged would be within its rate */
    os_time since;
    uint64_t left_out; /* messages since they were last told; the first at `since` */
    uint32_t run;      /* the os_run that `paid` belongs to */
    bool listed;
    struct log_site *next; /* of those that have left something out */
};

/* Declares the file's source. An instance of a module in several files declares it once. */
#define LOG_SOURCE(source_name) \
    static __attribute__((unused)) struct log_source log_source_here = { #source_name, LOG_LEVEL_UNSET, NULL }

/*
 * Set levels from "source:level,*:level", or "level" for all; levels error, warning, info,
 * debug, quiet. A source's name counts before *, a later rule before an earlier one; what no
 * rule names is at info. The rule "limit:N" sets how many lines there may be within a second, 0 to 1000000;
 * 0 is no limit. Replaces what was configured before. ERR_FORMAT, ERR_NO_MEMORY, and then nothing changes.
 * NULL restores the default.
 */
err log_configure(const char *spec);

/* Ask the configuration for the source's level, once. */
enum log_level log_source_level(struct log_source *source);

static inline bool log_enabled(struct log_source *source, enum log_level level)
{
    enum log_level set = source->level;
    if (__builtin_expect(set == LOG_LEVEL_UNSET, 0))
        set = log_source_level(source);
    return level <= set;
}

/*
 * Writes one line to the platform's console: seconds since the first line, level, source,
 * message. Control characters become '?', a message of more than about 900 bytes ends in "...".
 * This is not limited.
 */
__attribute__((format(printf, 3, 4))) void log_write(struct log_source *source, enum log_level level,
                                                     const char *format, ...);

/* The same, within the limits. */
__attribute__((format(printf, 3, 4))) void log_message(struct log_site *site, enum log_level level,
                                                       const char *format, ...);

/* How many messages the limits have left out since the program began. */
uint64_t log_left_out(void);

/*
 * Send lines to this function instead of the platform's console, without colour and line end. NULL restores
 * the console. Messages that the function itself logs are dropped.
 */
void log_set_sink(void (*sink)(void *ctx, enum log_level level, const char *line, size_t len), void *ctx);

#define LOG_AT(level, ...)                                                     \
    do {                                                                       \
        static struct log_site log_site_here = { .source = &log_source_here }; \
        if (log_enabled(&log_source_here, level))                              \
            log_message(&log_site_here, level, __VA_ARGS__);                   \
    } while (0)
#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) LOG_AT(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)

/*
 * A message that is not limited, for what only the program's own doing leads to, such as a list of its
 * fibers, and for a record of frames that somebody asked for.
 */
#define log_always(level, ...)                               \
    do {                                                     \
        if (log_enabled(&log_source_here, level))            \
            log_write(&log_source_here, level, __VA_ARGS__); \
    } while (0)

#endif
