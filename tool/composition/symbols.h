/* The global symbols that an object file defines and uses, and the lines of its source that do so. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

/*
 * Append a line "name line file" for each symbol that the object defines, in the order of the source. Without
 * debug information the line is 0 and the file is missing. The object is ELF for any processor, or
 * WebAssembly. When it is neither, or is damaged, prints an error and returns false.
 */
bool symbols_read(const char *object, struct strings *out);

struct symbol_use {
    const char *file;
    int line;
};

/*
 * Find the lines where the object's code uses this symbol without defining it, each once, in the order of the
 * code. Returns how many there are: 0 when the object has no debug information. `out` is kept until the tool
 * exits.
 */
size_t symbols_uses(const char *object, const char *symbol, struct symbol_use **out);

/*
 * Find the first place where the object uses this symbol without defining it. False when it does not use it,
 * has no debug information, or cannot be read.
 */
bool symbols_use(const char *object, const char *symbol, const char **file, int *line);

#endif
