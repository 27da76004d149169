/* The compilers of a project: the host's, and the one that its target's programs are built with. */
#ifndef TOOL_COMPILERS_H
#define TOOL_COMPILERS_H

#include <stdbool.h>

#include "emission/project.h"

/*
 * Find both, for the project's processor. `cc` is what --cc says; NULL: the environment's CC, or cc. A
 * builder for another processor is of the same make: GCC's cross compiler for GCC, Clang itself for Clang.
 */
bool compilers_find(const char *cc, struct project *project);

/* Whether the builder has the sanitizers that were chosen; told when not. */
bool compilers_know_sanitizers(const struct project *project);

#endif
