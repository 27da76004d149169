/*
 * An application that is being built: its folder, what was chosen for it, and where its generated files go.
 * It is declared here because everything that is generated follows from it. tool/project/ fills it.
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
    const char *build; /* home/_build/<target>[-<arch>][-release][-sanitize][-<configuration>] */
    const char *cache; /* home/_build/cache, the cache of what the sources declare */
    const char
        *objects;       /* the folder of the runtime's and libraries' objects, which all applications share */
    const char *binary; /* the last file that the build makes */
    int lock;           /* of home/_build: one process at a time writes there */
    struct strings given_cflags, given_ldflags; /* what the user adds */
    struct strings compile_flags, link_flags;
};

/* Set the compiler's flags for the project's target and mode. */
void project_flags(struct project *project);

#endif
