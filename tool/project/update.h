/* From an application's folder to a build that is up to date. */
#ifndef TOOL_UPDATE_H
#define TOOL_UPDATE_H

#include "emission/project.h"

/* What the command line, or an earlier configure, chose. */
struct choices {
    const char *folder;                 /* "." when not given */
    const char *file;                   /* the configuration in it; "config.c" when not given */
    const char *home;                   /* whose _build to use; the folder itself when not given */
    const char *target, *cc, *sanitize; /* NULL: not given */
    int release;                        /* -1: not given */
    size_t remembered;   /* so many of the keys, the first, are those of an earlier command line */
    struct strings keys; /* "name=value", "name" or "no-name" */
};

/*
 * Find the application, fill in what was not given from its last configure, and choose compiler and folders.
 */
bool project_open(const struct choices *choices, struct project *out, struct choices *chosen);

/* Evaluate the configuration and check and bind its functors; writes nothing but caches. */
bool project_compose(struct project *project, const struct choices *chosen, struct program *out);

/* Compose and generate, unless all that it is made from is as it was; remembers the choices. */
bool project_configure(struct project *project, const struct choices *chosen);

/* Configure, then run ninja; its messages are shown. */
bool project_build(struct project *project, const struct choices *chosen);

#endif
