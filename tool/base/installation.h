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
    const char *fibers;         /* gdb's commands for fibers, or NULL when they are not installed */
};

/*
 * Find them from MIRAGE_ROOT in the environment, from the command's own place, or from the source tree that
 * it was built from. On failure, prints an error and returns false.
 */
bool installation_find(struct installation *out);

#endif
