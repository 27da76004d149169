/*
 * What a program can be built for. Each target is a file of this folder, NAME.c, which defines target_NAME,
 * and a row in meson.build; nothing else in the tool or the catalogue knows its name.
 */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "target/arch.h"

/* A module that the target gives to a configuration. */
struct target_module {
    /*
     * What the catalogue asks for: "console", "clock", "random", "sink", "network"; NULL where the module is
     * only there to be had by its own name.
     */
    const char *role;
    const char *source; /* below the root: "devices/console/console_unix.c" */
    const char *on;     /* the source of the module that it is applied to; NULL: it takes none */
};

/* The default of a key of the catalogue that is different on this target. */
struct target_default {
    const char *key, *value;
};

struct strings;

/* A program that was built and will be started. */
struct launch {
    const char *binary; /* what the build made last; absolute */
    const char *linked; /* the same as it was linked, with its symbols: another where steps follow */
    const char *const *arguments; /* the user's for the program, ended by NULL */
    const struct arch *arch;
    const char *fibers; /* gdb's commands for fibers, in Python; NULL: not installed */
};

/*
 * Adds the command that starts the program to `argv`. When that is not possible, reports why and returns
 * false.
 */
typedef bool launch_fn(const struct launch *launch, struct strings *argv);

/* A step that makes another file from the program after it was linked. */
struct target_step {
    const char *suffix; /* of what it makes: ".bin" beside the program */
    /*
     * A command of build.ninja: $in is what the step before it made, $out what this one makes, $cc the
     * compiler, $tools what the names of the processor's other tools begin with, $root where the sources lie.
     */
    const char *command;
    const char *description; /* one word: "strip" */
};

/*
 * Flags that link a process of the host. The linker drops sections that nothing refers to, makes tables
 * read-only once the program has started, and adds libm when a function of <math.h> is used. A process that
 * needs other flags too names these and its own in link_flags. A program that is no process leaves them out.
 */
#define PROCESS_LINK_FLAGS \
    "-Wl,--gc-sections", "-Wl,-z,relro,-z,now", "-Wl,--push-state,--as-needed,-lm,--pop-state"

/* NULL ends lists of texts. Fields may be NULL unless a comment says otherwise. */
struct target {
    const char *name;
    const char *summary; /* behind the name: "a Linux process on the kernel's sockets" */

    /* what it is made from */
    const char *const *arches; /* the processors that it exists for: see arch.h; never NULL */
    const char *const
        *folders; /* of its platform, below the root, and what it takes of others'; never NULL */
    const char *const *compile_flags;
    const char *const *link_flags;   /* NULL: PROCESS_LINK_FLAGS */
    const char *linker_script;       /* below the root; NULL: the linker's own */
    const char *link;                /* the command, as a step's, with $ldflags; NULL: the compiler's */
    const struct target_step *after; /* ended by one without a suffix; NULL: none */

    /* what it gives to configurations and programs */
    const char *const *arguments;          /* runtime arguments that its platform declares */
    const struct target_module *modules;   /* ended by one without a source; never NULL */
    const struct target_default *defaults; /* ended by one without a key; NULL: none */

    /* NULL means: as a process of the host (launch.h). A test is started as the program is. */
    launch_fn *start, *debug, *test;
};

/* All targets, ended by NULL. The first is used when the user names none. */
extern const struct target *const targets[];

/*
 * The target of this name; the first when `name` is NULL. When there is none, reports the nearest name and
 * returns NULL.
 */
const struct target *target_find(const char *name);

/* The module that the target gives for the role, or NULL. */
const struct target_module *target_role(const struct target *target, const char *role);

/*
 * Whether the module at this path below the root exists on the target. Modules outside devices/ exist on
 * every target, and those of devices/ when the target names them.
 */
bool target_has(const struct target *target, const char *source);

/* The default of a key of the catalogue on this target, or `otherwise` when the target names none. */
const char *target_default(const struct target *target, const char *key, const char *otherwise);

/* The target's own link_flags, or PROCESS_LINK_FLAGS. Never NULL. */
const char *const *target_link_flags(const struct target *target);

#endif
