/* The global symbols that an object file defines, and where its source defines them. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stdbool.h>

#include "util.h"

/* One line a symbol: "name line file", from the ELF symbol table and the DWARF debug information. */
bool symbols_read(const char *object, struct strings *out);

#endif
