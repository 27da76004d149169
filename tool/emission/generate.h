/* The files that are generated for a program. */
#ifndef TOOL_GENERATE_H
#define TOOL_GENERATE_H

#include <stdbool.h>

#include "emission/project.h"

/*
 * Write the instances, main.c, build.ninja, compile_commands.json and the manifest below project->build, and
 * append their paths to `written`. `objects` are linked with the instances. On failure, prints errors and
 * returns false.
 */
bool generate(const struct project *project, const struct program *program, const struct strings *objects,
              struct strings *written);

/* The text of the program's main.c. It is kept until the tool exits. */
char *main_source(const struct project *project, const struct program *program);

#endif
