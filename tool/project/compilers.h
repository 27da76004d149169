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
 * Take the user's further flags. `cflags` and `ldflags` are the values of the options. When one is NULL, it
 * is the environment's CFLAGS or LDFLAGS. Paths in them are relative to the working directory.
 */
void compilers_take_flags(const char *cflags, const char *ldflags, struct project *project);

/* Check that the builder knows the user's flags. On failure, prints an error and returns false. */
bool compilers_know_flags(const struct project *project);

/*
 * Check that the builder has the sanitizers that were chosen. On failure, prints an error and returns false.
 */
bool compilers_know_sanitizers(const struct project *project);

#endif
