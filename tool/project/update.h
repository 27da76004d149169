/* From an application's folder to a build that is up to date. */
#ifndef TOOL_UPDATE_H
#define TOOL_UPDATE_H

#include <stdbool.h>

#include "project/choices.h"

/*
 * Find the application, fill in what was not given from its last configure, and choose compiler and folders.
 */
bool project_open(const struct choices *choices, struct project *out, struct choices *chosen);

/*
 * Whether generated C can include the path; told at the place, or at the path itself when that is NULL, when
 * it cannot.
 */
bool can_include(const char *path, const struct place *place);

/* Evaluate the configuration and check and bind its functors; writes nothing but caches. */
bool project_compose(struct project *project, const struct choices *chosen, struct program *out);

/* Compose and generate, unless all that it is made from is as it was; remembers the choices. */
bool project_configure(struct project *project, const struct choices *chosen);

/* Configure, then run ninja; its messages are shown. */
bool project_build(struct project *project, const struct choices *chosen);

#endif
