/*
 * One application being built: its folder, what was chosen for it, and where its
 * generated files go.
 */
#ifndef TOOL_PROJECT_H
#define TOOL_PROJECT_H

#include <stdbool.h>

#include "base/installation.h"
#include "base/strings.h"
#include "composition/bind.h"
#include "target/target.h"

struct project {
    struct installation installation;
    const char *folder; /* absolute */
    const char *name;
    const char *config; /* folder/config.c */
    const struct target *target;
    const struct arch *arch;
    bool release;
    const char *sanitize;     /* "address,undefined", or NULL */
    struct compiler compiler; /* the host's: of the configuration, and of functors as they stand */
    struct compiler builder;  /* the target's: of instances and the runtime */
    const char
        *home; /* absolute; its _build holds all that is made: the folder, or the application that it tests */
    const char *build;  /* home/_build/<target>[-<arch>][-release][-sanitize][-<configuration>] */
    const char *cache;  /* home/_build/cache: what is known of the sources */
    const char *binary; /* what the build makes last */
    struct strings compile_flags, link_flags;
};

/* Compose the compiler's flags of the project's target and mode. */
void project_flags(struct project *project);

/*
 * Objects that applications share, for the project's flags, in the user's cache: the runtime's, and those of
 * the pure libraries that the program's modules and the runtime use. They are made in the background from
 * one call to the other; objects_end tells what went wrong. `inputs` is what they are made from.
 */
struct objects {
    const char *what; /* "the runtime" */
    struct strings paths, inputs;
    long process; /* 0: all is made already */
    const char *log, *stamp;
    int lock; /* held meanwhile: one of several builds at once makes them, the others wait */
};
bool objects_begin_runtime(const struct project *project, struct objects *out);
bool objects_begin_libraries(const struct project *project, const struct program *program,
                             struct objects *out);
bool objects_end(const struct project *project, struct objects *objects);

/*
 * Write the instances, main.c, build.ninja, compile_commands.json and the manifest under project->build; add
 * their paths to `written`. `objects` are linked with the instances.
 */
bool generate(const struct project *project, const struct program *program, const struct strings *objects,
              struct strings *written);

/* One instance's C file; one program's main.c. Both texts are kept. */
char *instance_source(const struct graph *graph, const struct instance *instance);
char *main_source(const struct project *project, const struct program *program);

/* What an instance is called to its user: the name the configuration gave it, or its symbols' prefix. */
const char *instance_shown(const struct instance *instance);

/*
 * What the program of a GENERATED line is given for a key of the functor: a folder, absolute or from that of
 * config.c, or an option. NULL: nothing.
 */
const char *generated_argument(const struct graph *graph, const struct functor *functor,
                               const struct declared_key *key);

/*
 * Every setting of the configuration names a key that its functor declares, and every
 * runtime argument one that some functor reads; mistakes are told.
 */
bool check_settings(const struct program *program);

#endif
