#include "base/report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/paths.h"

static void report(const char *kind, const char *colour, const char *file, int line, const char *format,
                   va_list args)
{
    bool colours = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
    fflush(stdout);
    if (file == NULL)
        fputs("mirage: ", stderr);
    else if (line > 0)
        fprintf(stderr, "%s:%d: ", path_shown(file), line);
    else
        fprintf(stderr, "%s: ", path_shown(file));
    fprintf(stderr, "%s%s:%s ", colours ? colour : "", kind, colours ? "\033[m" : "");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void error_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report("error", "\033[1;31m", file, line, format, args);
    va_end(args);
}

void warning_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report("warning", "\033[1;35m", file, line, format, args);
    va_end(args);
}

void note_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report("note", "\033[1;36m", file, line, format, args);
    va_end(args);
}

void error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report("error", "\033[1;31m", NULL, 0, format, args);
    va_end(args);
}
