/*
 * Errors, warnings and notes for the user, on standard error: `file:line: error: TEXT`. The file is shown as
 * path_shown writes it. Line 0 is left out. When `file` is NULL, the line begins with `mirage: error:`. The
 * word is coloured on a terminal, unless the environment has NO_COLOR.
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

__attribute__((format(printf, 3, 4))) void error_at(const char *file, int line, const char *format, ...);
__attribute__((format(printf, 3, 4))) void warning_at(const char *file, int line, const char *format, ...);
__attribute__((format(printf, 3, 4))) void note_at(const char *file, int line, const char *format, ...);

/* An error that has no place. */
__attribute__((format(printf, 1, 2))) void error(const char *format, ...);

#endif
