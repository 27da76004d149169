/*
 * WebAssembly objects, as Clang makes them: the symbols of the "linking" section, the places in the code that
 * refer to them, and the debug information.
 */
#ifndef TOOL_WASM_H
#define TOOL_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wasm_symbol {
    const char *name; /* "" when it has none */
    bool is_defined, is_global;
};

struct wasm_use {
    uint32_t symbol;  /* its index */
    uint32_t address; /* in the code section, as debug information counts */
};

struct wasm_object {
    bool is_object; /* it has a "linking" section; a program has none */
    size_t symbol_count, use_count;
    struct wasm_symbol *symbols;
    struct wasm_use *uses;
    /* An ELF file of the sections .debug_*, as libdw reads no other; NULL when there are none. */
    char *debug;
    size_t debug_size;
};

bool wasm_is(const void *data, size_t size);

/*
 * False when it is no object, cut off or contradicts itself. What it returns is kept, `data` isn't needed any
 * more.
 */
bool wasm_read(const void *data, size_t size, struct wasm_object *out);

#endif
