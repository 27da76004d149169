/*
 * One functor as a C file for a unit test or a fuzzer. The file is the instance that `mirage build` would
 * make, with a test's choices in place of a configuration's.
 */
#ifndef TOOL_UNIT_H
#define TOOL_UNIT_H

#include "base/strings.h"
#include "composition/source.h"

struct unit_choices {
    /* the name of the instance, with which its symbols begin; NULL for the names in the sources */
    const char *name;
    struct strings binds; /* "PARAMETER=MODULE": the parameter's operations are those of MODULE_... */
    struct strings sets;  /* "KEY=VALUE" */
};

/*
 * The file's text, kept until the tool exits. When a choice names something that the source does not have,
 * prints an error and returns NULL.
 */
char *unit_source(struct description *description, const struct unit_choices *choices);

#endif
