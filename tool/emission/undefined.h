/* What a linker says is missing, told at the line of the source that uses it. */
#ifndef TOOL_UNDEFINED_H
#define TOOL_UNDEFINED_H

#include <stdbool.h>

#include "emission/project.h"

/*
 * Tell each symbol that the linker, having printed this, found nowhere. False when it said nothing of the
 * kind, or the place of one can't be told: what it printed is then all there is to show.
 */
bool link_explain(const struct project *project, const struct program *program, const char *printed);

#endif
