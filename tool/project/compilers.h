/* The compilers of a project: the host's, and the builder, which compiles the target's programs. */
#ifndef TOOL_COMPILERS_H
#define TOOL_COMPILERS_H

#include <stdbool.h>

#include "emission/project.h"

/*
 * Find both compilers for the project's processor. `cc` is the value of --cc. When it is NULL, the compiler
 * is the environment's CC, or cc. A builder for another processor is GCC's cross compiler when the host's
 * compiler is GCC, or the same Clang. On failure, prints an error and returns false.
 */
bool compilers_find(const char *cc, struct project *project);

/*
 * Check that the builder has the sanitizers that were chosen. On failure, prints an error and returns false.
 */
bool compilers_know_sanitizers(const struct project *project);

#endif
