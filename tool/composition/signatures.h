/*
 * The tree's signatures: the headers of mirage/sig/. The name of a signature is the first word of its
 * header's opening comment. <mirage/functor.h> includes the headers, each after those that it uses.
 */
#ifndef TOOL_SIGNATURES_H
#define TOOL_SIGNATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

struct signature {
    const char *name; /* "CONSOLE" */
    const char *file; /* the path of its header */
    const char *text; /* the text of the header */
};

struct signatures {
    size_t count;
    struct signature *items; /* in the order in which functor.h includes them */
    struct strings inputs;   /* every file and folder that was read */
};

/*
 * Read the signatures. `include` is the folder that contains mirage/. A header that functor.h does not
 * include, or that does not define a macro with its name, is an error: prints it and returns false.
 */
bool signatures_read(const char *include, struct signatures *out);

#endif
