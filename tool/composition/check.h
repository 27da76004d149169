/*
 * Checking a functor by itself, before any module is chosen for its parameters: it is
 * compiled against its parameters' signatures, and what the object defines is
 * compared with what its own signature asks for.
 */
#ifndef TOOL_CHECK_H
#define TOOL_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/source.h"

/* What the abstractly compiled functor defines. */
struct definitions {
    struct strings globals;
};

/*
 * Check `count` described functors, several at once; out[i] is what descriptions[i]
 * defines. Cached under `cache`. Every mistake is told at the user's line; false when
 * there was one.
 */
bool check_all(const struct compiler *compiler, const char *cache, struct description *descriptions,
               size_t count, struct definitions **out);

/*
 * Compile the functors as check_all does, each with its debug information, for asking their objects: out[i]
 * is the path of descriptions[i]'s, which the caller deletes. False, and told, when one does not compile.
 */
bool check_objects(const struct compiler *compiler, const char *cache,
                   const struct description *const *descriptions, size_t count, const char **out);

/* Whether the signature that `use` names is a DEVICE: it is connected and disconnected. */
bool is_device(const struct use *use);

/*
 * The declaration of name_connect or name_start that the PARAM lines ask for, placed at the
 * MODULE line, so that a definition that differs is an error in the user's line. "" for a
 * module that has neither.
 */
const char *entry_declaration(const struct description *d);

/* name_connect or name_start, whichever the module is made or begun with. */
const char *entry_name(const struct description *d);

/* Whether the module itself has to define the operation, and not a parameter that is its sub-module. */
bool is_own(const struct description *d, const struct operation *op);

#endif
