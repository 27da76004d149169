/*
 * The messages of a compiler, one sentence for each line of the user's file. The place of a message is the
 * one that the user wrote, not one inside the macros of the tool's own headers. GCC's notes become part of
 * the sentence. The tool's internal names of types are left out.
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

/*
 * Append the flags that make the compiler print what messages_read reads. The compiler also needs LC_ALL=C in
 * its environment.
 */
void messages_flags(bool is_clang, struct strings *argv);

/*
 * Append flags that turn some of C's warnings into errors, because they mean a wrong composition here: a
 * module where another is expected, a function that nobody declared. Later compilers do this by default.
 */
void strict_flags(struct strings *argv);

/*
 * Read a compiler's standard error. `own` is ended by NULL and has the folders of the tool's own headers. The
 * results are kept until the tool exits.
 */
void messages_read(const char *printed, const char *const *own, struct messages *out);

/* Print the errors, or the warnings when there are no errors. */
void messages_show(const struct messages *messages);

#endif
