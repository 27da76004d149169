/*
 * Checks a functor by itself, before any module is chosen for its parameters. The functor is compiled against
 * the signatures of its parameters, and the functions that the object defines are compared with its own
 * signature.
 */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/source.h"

/* The symbols that the object of a checked functor defines. */
struct definitions {
    struct strings globals;
};

/*
 * Check `count` functors, several at once. out[i] receives what descriptions[i] defines. Results are cached
 * in the folder `cache`. Prints each mistake at the user's line and returns false when there was one.
 */
bool check_all(const struct compiler *compiler, const char *cache, struct description *descriptions,
               size_t count, struct definitions **out);

/*
 * Compile the functors as check_all does, with debug information. out[i] receives the path of the object of
 * descriptions[i], which the caller deletes. When one does not compile, prints errors and returns false.
 */
bool check_objects(const struct compiler *compiler, const char *cache,
                   const struct description *const *descriptions, size_t count, const char **out);

/* Whether the signature is a DEVICE, whose modules are connected and disconnected. */
bool is_device(const struct use *use);

/*
 * The declaration of name_connect or name_start that the PARAM lines require. It is placed at the MODULE
 * line, so that the compiler reports a definition that differs at the user's line. "" when the module has no
 * entry.
 */
const char *entry_declaration(const struct description *d);

/* The name of the module's entry: name_connect or name_start. */
const char *entry_name(const struct description *d);

/* Whether the module itself defines the operation. False when a parameter that is its sub-module does. */
bool is_own(const struct description *d, const struct operation *op);

#endif
