#include "base/keep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All kept memory hangs on this list, so that a leak checker finds it reachable. */
struct kept {
    struct kept *next;
    max_align_t data[];
};
static struct kept *all_kept;

void *or_out_of_memory(void *p)
{
    if (p == NULL) {
        fputs("mirage: error: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

void *keep(size_t size)
{
    struct kept *k = or_out_of_memory(calloc(1, sizeof *k + size));
    k->next = all_kept;
    all_kept = k;
    return k->data;
}

char *keep_bytes(const char *data, size_t len)
{
    char *copy = keep(len + 1);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *keep_string(const char *s)
{
    return keep_bytes(s, strlen(s));
}

static char *format_kept(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *s = keep((size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, format, args);
    return s;
}

char *text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = format_kept(format, args);
    va_end(args);
    return s;
}
