/* Knowing whether something made earlier is still good: its inputs' times and sizes. */
#ifndef TOOL_STAMP_H
#define TOOL_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strings.h"

/*
 * Whether the stamp at `path` was written with this `key` and every input it lists is as
 * it was then. `inputs`, when not NULL, receives the list.
 */
bool stamp_fresh(const char *path, uint64_t key, struct strings *inputs);

/* Write the stamp. An input that changed while it was read will look stale next time. */
bool stamp_write(const char *path, uint64_t key, const struct strings *inputs);

/* Read the prerequisites of a Make-style dependency file (gcc -MD) into `out`. */
bool depfile_read(const char *path, struct strings *out);

#endif
