/* Brings the build of an application up to date. */
#ifndef TOOL_UPDATE_H
#define TOOL_UPDATE_H

#include <stdbool.h>

#include "project/choices.h"

/*
 * Find the application, fill in what was not given from its last configure, and choose compilers and folders.
 * Another process that has the application open is waited for. On failure, prints an error and returns false.
 */
bool project_open(const struct choices *choices, struct project *out, struct choices *chosen);

/* Let other processes open the application. It is closed when the process ends, too. */
void project_close(struct project *project);

/*
 * Whether generated C can include the path. If not, prints an error at `place`, or at the path itself when
 * `place` is NULL.
 */
bool can_include(const char *path, const struct place *place);

/*
 * Evaluate the configuration, and check and bind its functors. Writes nothing but caches. On failure, prints
 * errors and returns false.
 */
bool project_compose(struct project *project, const struct choices *chosen, struct program *out);

/*
 * Compose and generate, unless nothing that the result depends on has changed, and remember the choices. On
 * failure, prints errors and returns false.
 */
bool project_configure(struct project *project, const struct choices *chosen);

/* Configure, then run ninja and show its messages. Returns whether that succeeded. */
bool project_build(struct project *project, const struct choices *chosen);

#endif
