/*
 * The tree's signatures: the headers of mirage/sig/. The name of each begins its opening comment, and
 * <mirage/functor.h> includes them, from the general to what stands on it.
 */
#ifndef TOOL_SIGNATURES_H
#define TOOL_SIGNATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

struct signature {
    const char *name; /* "CONSOLE" */
    const char *file; /* its header */
    const char *text; /* what is in it */
};

struct signatures {
    size_t count;
    struct signature *items; /* as functor.h includes them */
    struct strings inputs;   /* every file and folder that this follows from */
};

/*
 * Read them below `include`, the folder that holds mirage/. A header that functor.h does not include, or that
 * defines no macro of its name, is told, and false returned.
 */
bool signatures_read(const char *include, struct signatures *out);

#endif
