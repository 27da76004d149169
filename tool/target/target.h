/* The kinds of program that the tool can make. */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include "base/util.h"

struct target {
    const char *name, *summary;
    const char *const *folders;   /* of the runtime's sources below the root, ended by NULL */
    const char *const *libraries; /* linker flags, ended by NULL */
    const char *const *arguments; /* runtime arguments that its platform declares, ended by NULL */
};

/* Ended by one whose name is NULL. */
extern const struct target targets[];

/* NULL when there is no such target; then told with the nearest. */
const struct target *target_find(const char *name);

#endif
