/*
 * One functor by itself: the C file that a unit test or a fuzzer compiles. It is the instance that
 * `mirage build` would make, with what a test chooses instead of a configuration.
 */
#ifndef TOOL_UNIT_H
#define TOOL_UNIT_H

#include "base/strings.h"
#include "composition/source.h"

struct unit_choices {
    const char *name; /* of the instance, after which its symbols are called; NULL: its sources' own names */
    struct strings binds; /* "PARAMETER=MODULE": the parameter's operations are those of MODULE_... */
    struct strings sets;  /* "KEY=VALUE" */
};

/* The file's text, kept; NULL when a choice names what the source has not, and that was told. */
char *unit_source(struct description *description, const struct unit_choices *choices);

#endif
