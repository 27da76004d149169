/* Whole numbers and conditions as C writes them, computed from the preprocessor's tokens. */
#ifndef TOOL_ARITHMETIC_H
#define TOOL_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

#include "composition/tokens.h"

/* Gives the value that a name stands for; false when there is no such name. */
typedef bool arithmetic_name(const void *ctx, const char *name, int64_t *out);

/*
 * Take an expression from `t` and compute it: numbers, names that `value_of` knows (NULL: none), brackets,
 * and C's operators except ?: and ~. False when it is none, leaves 64 bits, or divides by zero; both sides of
 * && and || are computed.
 */
bool arithmetic_read(struct tokens *t, arithmetic_name *value_of, const void *ctx, int64_t *out);

#endif
