/* The lines that the host logs. Whatever comes in, there are at most LINES_MOST of them within any second. */
#ifndef FUZZ_STACK_LINES_H
#define FUZZ_STACK_LINES_H

#include "../check.h"

#include <mirage/log.h>
#include <mirage/os.h>

enum { LINES_MOST = 20 };

static struct {
    size_t count;
    os_time when[LINES_MOST]; /* of the last ones, a ring */
} lines;

static void note_line(void *ctx, enum log_level level, const char *line, size_t len)
{
    os_time now = os_now(), *before = &lines.when[lines.count % LINES_MOST];
    (void)ctx, (void)level, (void)line, (void)len;
    CHECK(lines.count < LINES_MOST || now - *before >= SECONDS(1));
    *before = now;
    lines.count++;
}

/* Begin to watch, as an operator sees it who chose nothing. */
static void lines_begin(void)
{
    lines.count = 0;
    CHECK(log_configure(NULL) == OK);
    log_set_sink(note_line, NULL);
}

#endif
