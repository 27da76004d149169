/* Explains undefined symbols at the line of the source that uses them. */
#ifndef TOOL_UNDEFINED_H
#define TOOL_UNDEFINED_H

#include <stdbool.h>

#include "emission/project.h"

/*
 * Report each symbol that the linker did not find, according to what it printed. False when it reported none,
 * or the place of one is not known. The caller then shows what the linker printed.
 */
bool link_explain(const struct project *project, const struct program *program, const char *printed);

#endif
