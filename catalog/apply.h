/* The functions of the catalogue are made of these: its entries, applied. */
#ifndef CATALOG_APPLY_H
#define CATALOG_APPLY_H

#include <tool/config/record.h>

#include "catalog.h"

/* A value that a configuration gives for an argument. */
union catalog_value {
    const void *module;
    const char *text;
    int64_t number;
};

/*
 * The module that the entry makes of the values, one for each of its arguments, at the user's line. The
 * target's modules stand for the parameters that are not arguments. A module that the target lacks is
 * recorded as absent, which is an error only when the chosen keys need it.
 */
void *catalog_apply(struct here here, const struct catalog_entry *entry, const union catalog_value *values);

/*
 * The entry of this name, applied to modules. mirage_end ends their list. The other arguments have the
 * defaults of the module's keys.
 */
void *catalog_made(struct here here, const char *name, const void *const *modules);

/*
 * The target's module for the role, applied to the module that the target says it stands on. `function` is
 * the entry that asks. It is an error when the target has no such module.
 */
void *catalog_of_role(struct here here, const char *function);

/* A key that the catalogue declares. Every use makes the same declaration. */
struct node *catalog_key(struct here here, const char *name);

/* The list of modules for catalog_made. */
#define MODULES(...) ((const void *const[]){ __VA_ARGS__ __VA_OPT__(, ) mirage_end })

/*
 * ROLE(RESULT, function, role, "what it is"); is a function that gives the target's own module for a role.
 *
 * CHOICE(RESULT, function, key, without, "what it is", PARAMETER...) { … } defines a function that chooses
 * between modules. `key` is the configure-time key that chooses. `without` is the function that a call
 * without arguments stands for, or "" when there is none.
 */
#ifdef MIRAGE_DESCRIBE
#define CHOICE(result, name, key, without, doc, ...) \
    __mirage_choice__(#result, #name, "", key, without, doc, #__VA_ARGS__, __FILE__, __LINE__)
#define ROLE(result, name, role, doc) \
    __mirage_choice__(#result, #name, role, "", "", doc, "", __FILE__, __LINE__)
#else
#define CHOICE(result, name, key, without, doc, ...) result(name)(MIRAGE_PARAMS(__VA_ARGS__))
#define ROLE(result, name, role, doc)                    \
    result(name)(void)                                   \
    {                                                    \
        return (result)catalog_of_role(called(), #name); \
    }                                                    \
    struct mirage_catalog
#endif

#endif
