/* The global symbols that an object file defines and uses, and where its source does so. */
#ifndef TOOL_SYMBOLS_H
#define TOOL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"

/*
 * One line a symbol, "name line file", in the order of the source; line 0 and no file where there is no debug
 * information. The object is ELF's, of any processor, or WebAssembly's. False when it is neither, or damaged:
 * told.
 */
bool symbols_read(const char *object, struct strings *out);

struct symbol_use {
    const char *file;
    int line;
};

/*
 * The places where the object's code uses this symbol without defining it, each line once, in the order of
 * the code; how many there are. None when it has no debug information.
 */
size_t symbols_uses(const char *object, const char *symbol, struct symbol_use **out);

/*
 * The first place where the object uses this symbol without defining it; false when it doesn't, has no
 * debug information, or cannot be read.
 */
bool symbols_use(const char *object, const char *symbol, const char **file, int *line);

#endif
