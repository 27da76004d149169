/*
 * The modules of the source tree, found by their MODULE lines, and how a configuration calls each: what the
 * catalogue is made from.
 */
#ifndef CATALOG_MODULES_H
#define CATALOG_MODULES_H

#include <catalog/catalog.h>

#include "composition/source.h"

/* An argument of the catalogue's function. */
struct argument {
    enum catalog_kind kind;
    const char *type; /* in C, with the space or the star that a name follows: "NETWORK ", "const char *" */
    const char *name; /* of the functor's parameter, or of its key */
};

/* A function of the catalogue. */
struct function {
    const char *name, *result;
    const char *params; /* in C: "NETWORK net, const char *file", or "void" */
    const char *doc;
    const char *role;    /* of the target's module that it is, or NULL */
    const char *key;     /* that chooses, or NULL */
    const char *without; /* the function for a call without arguments, or NULL */
    const char *file;    /* where it is said … */
    int line;
    /* of a module; a choice has none of these, and its code stands in catalog/ */
    const struct description *module;
    const char *source; /* below the root */
    size_t argument_count;
    struct argument *arguments;
};

struct functions {
    size_t count;
    struct function *items; /* by what they give, then by name */
    struct strings inputs;  /* every file and folder that this follows from */
};

/*
 * Read the modules below root/lib and root/devices and the CHOICE lines of `choices`. What is wrong is told
 * at its line, and false returned. What was read is kept in the folder `cache`.
 */
bool functions_read(const struct compiler *compiler, const char *cache, const char *root, const char *choices,
                    struct functions *out);

#endif
