/* Where the tool's own files lie. */
#ifndef TOOL_INSTALLATION_H
#define TOOL_INSTALLATION_H

#include <stdbool.h>

struct installation {
    const char *root;           /* holds base/, runtime/, platform/, devices/, lib/ */
    const char *include;        /* holds mirage/ */
    const char *tool;           /* the mirage command itself */
    const char *crunch;         /* mirage-crunch */
    const char *library_folder; /* holds libmirage-config.so and mirage-modules.h */
    const char *fibers;         /* gdb's commands for fibers; NULL: not installed */
};

/*
 * Find them from the environment's MIRAGE_ROOT, the command's own place, or the source tree it was built
 * from.
 */
bool installation_find(struct installation *out);

#endif
