/*
 * Stamps. A stamp is a file that lists the inputs of a result with their times and sizes, to tell later
 * whether the result is up to date.
 */
#ifndef TOOL_STAMP_H
#define TOOL_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strings.h"

/*
 * Whether the stamp at `path` has this `key`, and every input in it has the same time and size as when the
 * stamp was written. `inputs`, when not NULL, receives the list of inputs.
 */
bool stamp_fresh(const char *path, uint64_t key, struct strings *inputs);

/* Write the stamp. On failure, prints an error and returns false. */
bool stamp_write(const char *path, uint64_t key, const struct strings *inputs);

/*
 * Append the prerequisites of a Make-style dependency file (gcc -MD) to `out`. False when the file cannot be
 * read.
 */
bool depfile_read(const char *path, struct strings *out);

#endif
