/*
 * Pure libraries: the folders base/<name>. What uses one includes <base/name/file.h>, on a line of its own
 * and under no condition; a program is linked with those that its modules and its runtime use, and with
 * what these use in turn.
 */
#ifndef TOOL_LIBRARIES_H
#define TOOL_LIBRARIES_H

#include <stddef.h>

#include "base/strings.h"

/* Add the names of the libraries that the files include themselves. */
void libraries_included(const char *const *files, size_t count, struct strings *names);

/* Add the names of the libraries, below `root`, that the files belong to. */
void libraries_read(const char *root, const struct strings *files, struct strings *names);

/*
 * Add the names of the libraries, below `root`, that the files include, or headers of base that they reach.
 * These headers are added to the files.
 */
void libraries_reached(const char *root, struct strings *files, struct strings *names);

/*
 * Add what the named libraries use: what their sources include, and what the headers among that include. They
 * are in the order of their names then.
 */
void libraries_close(const char *root, struct strings *names);

#endif
