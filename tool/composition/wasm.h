/*
 * Reads WebAssembly objects that Clang makes: the symbols of the "linking" section, the places in the code
 * that refer to them, and the debug information.
 */
#ifndef TOOL_WASM_H
#define TOOL_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wasm_symbol {
    const char *name; /* "" when the symbol has no name */
    bool is_defined, is_global;
};

struct wasm_use {
    uint32_t symbol;  /* the index of the symbol */
    uint32_t address; /* relative to the code section, as in debug information */
};

struct wasm_object {
    bool is_object; /* whether it has a "linking" section; a program has none */
    size_t symbol_count, use_count;
    struct wasm_symbol *symbols;
    struct wasm_use *uses;
    /*
     * An ELF file that contains the sections .debug_*, because libdw reads nothing else. NULL when there are
     * none.
     */
    char *debug;
    size_t debug_size;
};

bool wasm_is(const void *data, size_t size);

/*
 * Read an object. False when it is not one, is cut off or contradicts itself. The results are copies, kept
 * until the tool exits.
 */
bool wasm_read(const void *data, size_t size, struct wasm_object *out);

#endif
