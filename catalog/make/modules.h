/*
 * The modules of the source tree, found by their MODULE lines, and how a configuration calls each. The
 * catalogue is made from them.
 */
#ifndef CATALOG_MODULES_H
#define CATALOG_MODULES_H

#include <catalog/catalog.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/source.h"

/* An argument of the catalogue's function. */
struct argument {
    enum catalog_kind kind;
    const char *type; /* in C, up to where the name follows: "NETWORK ", "const char *" */
    const char *name; /* the name of the functor's parameter or key */
};

/* A function of the catalogue. */
struct function {
    const char *name, *result;
    const char *params; /* in C: "NETWORK net, const char *file", or "void" */
    const char *doc;
    const char *role;    /* the role, when it is the target's module for one, or NULL */
    const char *key;     /* the key that chooses, or NULL */
    const char *without; /* the function for a call without arguments, or NULL */
    const char *file;    /* where it is declared … */
    int line;
    /* for a module; a choice has none of these, and its code is in catalog/ */
    const struct description *module;
    const char *source; /* path below the root */
    size_t argument_count;
    struct argument *arguments;
};

struct functions {
    size_t count;
    struct function *items; /* sorted by their results, then by name */
    struct strings inputs;  /* every file and folder that this was made from */
};

/*
 * Read the modules below root/lib and root/devices and the CHOICE lines of `choices`. Reports what is wrong
 * at its line and then returns false. The folder `cache` keeps what was read.
 */
bool functions_read(const struct compiler *compiler, const char *cache, const char *root, const char *choices,
                    struct functions *out);

#endif
