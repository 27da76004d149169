/*
 * What a compiler prints, as one sentence for each line of the user's file: at the place that the user wrote,
 * not inside the macros of the tool's own headers, with what GCC says in notes folded in and the
 * tool's internal names of types left out.
 */
#ifndef TOOL_MESSAGES_H
#define TOOL_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

struct message {
    const char *file;
    int line, column;
    bool is_error;
    const char *text;
};

struct messages {
    struct message *items;
    size_t count, errors;
};

/* Flags that make the compiler print what messages_read reads; the environment must say LC_ALL=C. */
void messages_flags(bool is_clang, struct strings *argv);

/*
 * Flags that make errors of what is a warning in C and a wrong composition here, as later compilers have it
 * by themselves: a module where another is asked, a function that nobody declared.
 */
void strict_flags(struct strings *argv);

/* Read a compiler's standard error. `own` are the folders of the tool's own headers, ended by NULL. */
void messages_read(const char *printed, const char *const *own, struct messages *out);

/* Show the errors, or when there are none the warnings. */
void messages_show(const struct messages *messages);

#endif
