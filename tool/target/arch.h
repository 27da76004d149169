/* The processors that programs can be built for. */
#ifndef TOOL_ARCH_H
#define TOOL_ARCH_H

#include <stdbool.h>

struct arch {
    const char *name;     /* the name in --arch and in platform/arch/: "aarch64" */
    const char *triplet;  /* the prefix of its cross tools: "aarch64-linux-gnu" */
    const char *package;  /* of Debian: its cross compiler, with headers that Clang needs too */
    const char *emulator; /* runs its processes on other processors: "qemu-aarch64" */
    const char *emulator_package;
};

/* The processor that this command runs on. */
const struct arch *arch_host(void);

/*
 * The processor that --arch names. When `name` is NULL, it is the host's if the list has it, and otherwise
 * the list's first. `known` is the list of a target's processors, which NULL ends. `target` is the target's
 * name. NULL when the processor isn't in the list; the error then names those that are.
 */
const struct arch *arch_find(const char *name, const char *const *known, const char *target);

/* Whether programs for the processor need cross tools here. */
bool arch_is_foreign(const struct arch *arch);

#endif
