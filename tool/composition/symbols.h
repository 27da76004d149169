/* The global symbols that an object file defines and uses, and where its source does so. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stdbool.h>

#include "base/util.h"

/* One line a symbol: "name line file", from the ELF symbol table and the DWARF debug information. */
bool symbols_read(const char *object, struct strings *out);

/*
 * The first place where the object uses this symbol without defining it; false when it doesn't, or has no
 * debug information.
 */
bool symbols_use(const char *object, const char *symbol, const char **file, int *line);

#endif
