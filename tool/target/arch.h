/* The processors that programs can be built for. */
#ifndef TOOL_ARCH_H
#define TOOL_ARCH_H

#include <stdbool.h>

struct arch {
    const char *name;     /* as --arch and the folders of platform/arch/ have it: "aarch64" */
    const char *triplet;  /* what the names of its cross tools begin with: "aarch64-linux-gnu" */
    const char *package;  /* of Debian: its cross compiler, with the headers that Clang needs, too */
    const char *emulator; /* runs its processes on other processors: "qemu-aarch64" */
    const char *emulator_package;
};

/* The one that this command runs on. */
const struct arch *arch_host(void);

/*
 * The processor that --arch names, or, when `name` is NULL, the host's where the list has it and the list's
 * first where not. `known` is the list of a target's processors, ended by NULL; `target` is its name. NULL
 * when it isn't in the list; then told with those that are.
 */
const struct arch *arch_find(const char *name, const char *const *known, const char *target);

/* Whether programs for it need cross tools here. */
bool arch_is_foreign(const struct arch *arch);

#endif
