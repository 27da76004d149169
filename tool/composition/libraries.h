/*
 * Pure libraries: the folders base/<name>. A file that uses one includes <base/name/file.h>, on a line of its
 * own and under no condition. A program is linked with the libraries that its modules and the runtime use,
 * and with those that these libraries use.
 */
#ifndef TOOL_LIBRARIES_H
#define TOOL_LIBRARIES_H

#include <stddef.h>

#include "base/strings.h"

/* Append the names of the libraries that the files themselves include. */
void libraries_included(const char *const *files, size_t count, struct strings *names);

/* Append the names of the libraries below `root` that the files belong to. */
void libraries_read(const char *root, const struct strings *files, struct strings *names);

/*
 * Append the names of the libraries below `root` that the files include, directly or through headers of
 * base/. These headers are appended to `files`.
 */
void libraries_reached(const char *root, struct strings *files, struct strings *names);

/*
 * Append the libraries that the named ones use: those that their sources include, and those that the included
 * headers include. Then sort the names.
 */
void libraries_close(const char *root, struct strings *names);

#endif
