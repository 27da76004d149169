/*
 * What a program can be built for. Each target is a file of this folder, NAME.c, which defines target_NAME,
 * and a row in meson.build; nothing else in the tool or the catalogue knows its name.
 */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* A module that the target gives to a configuration. */
struct target_module {
    /*
     * What the catalogue asks for: "console", "clock", "random", "network"; NULL where the module is only
     * there to be had by its own name.
     */
    const char *role;
    const char *source; /* below the root: "devices/console/console_unix.c" */
    const char *on;     /* the source of the module that it is applied to; NULL: it takes none */
};

/* The default of a key of the catalogue where it is another on this target. */
struct target_default {
    const char *key, *value;
};

struct target {
    const char *name;
    const char *summary;                   /* behind the name: "a Linux process on the kernel's sockets" */
    const char *const *folders;            /* of its platform, below the root; ended by NULL */
    const char *const *link_flags;         /* ended by NULL, or NULL */
    const char *const *arguments;          /* runtime arguments that its platform declares, as `folders` */
    const struct target_module *modules;   /* ended by one without a source */
    const struct target_default *defaults; /* ended by one without a key, or NULL */
};

/* All of them, ended by NULL. The first is what a program is for when nobody says otherwise. */
extern const struct target *const targets[];

/* NULL when there is no such target; then told with the nearest. `name` NULL: the first. */
const struct target *target_find(const char *name);

/* The processor that this command runs on, as platform/arch/ names its folders: "x86_64". */
const char *arch_host(void);

/* What it gives for the role, or NULL. */
const struct target_module *target_role(const struct target *target, const char *role);

/*
 * Whether the module at this path below the root can be had: one that touches nothing outside always, one of
 * devices/ when the target names it.
 */
bool target_has(const struct target *target, const char *source);

/* The default of a key of the catalogue on this target; `otherwise` when it names none. */
const char *target_default(const struct target *target, const char *key, const char *otherwise);

#endif
