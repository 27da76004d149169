/*
 * An application that is being built: its folder, what was chosen for it, and where its generated files go.
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
    const char *folder; /* the application's folder, absolute */
    const char *name;
    const char *config; /* folder/config.c */
    const struct target *target;
    const struct arch *arch;
    bool release;
    const char *sanitize;     /* "address,undefined", or NULL */
    struct compiler compiler; /* the host's compiler, for the configuration and for functors by themselves */
    struct compiler builder;  /* the target's compiler, for instances and the runtime */
    /* Absolute. Its _build contains all that is made. It is the folder, or the application that it tests. */
    const char *home;
    const char *build;  /* home/_build/<target>[-<arch>][-release][-sanitize][-<configuration>] */
    const char *cache;  /* home/_build/cache, the cache of what the sources declare */
    const char *binary; /* the last file that the build makes */
    struct strings compile_flags, link_flags;
};

/* Set the compiler's flags for the project's target and mode. */
void project_flags(struct project *project);

/*
 * Write the instances, main.c, build.ninja, compile_commands.json and the manifest below project->build, and
 * append their paths to `written`. `objects` are linked with the instances. On failure, prints errors and
 * returns false.
 */
bool generate(const struct project *project, const struct program *program, const struct strings *objects,
              struct strings *written);

/* The text of one instance's C file, or of the program's main.c. It is kept until the tool exits. */
char *instance_source(const struct graph *graph, const struct instance *instance);
char *main_source(const struct project *project, const struct program *program);

/* The instance's name in messages: the name that the configuration gave it, or its symbols' prefix. */
const char *instance_shown(const struct instance *instance);

/*
 * The argument for a key of the functor that the program of a GENERATED line gets: an option, or the path of
 * a folder, absolute or relative to that of config.c. NULL when it gets none.
 */
const char *generated_argument(const struct graph *graph, const struct functor *functor,
                               const struct declared_key *key);

/*
 * Check that every setting of the configuration names a key that its functor declares, and that every runtime
 * argument is one that some functor reads. On failure, prints errors and returns false.
 */
bool check_settings(const struct program *program);

#endif
