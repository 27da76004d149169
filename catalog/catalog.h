/*
 * The catalogue: the functions that <mirage/catalog.h> gives to a configuration. The build makes the table
 * from the modules' sources and the CHOICE lines of choices.c (catalog/make). A module's constants and
 * runtime arguments are declared in its source, so they aren't repeated here.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum catalog_kind {
    CATALOG_MODULE,
    CATALOG_TEXT,
    CATALOG_PATH, /* a path that starts at the folder of config.c */
    CATALOG_INT,
    CATALOG_BOOL,
};

/* An argument of a function. */
struct catalog_argument {
    enum catalog_kind kind;
    const char *name; /* the name of its parameter or key */
};

/* A parameter of the functor, from a PARAM line. */
struct catalog_param {
    const char *signature;
    int argument; /* its place among the function's arguments; -1: the target's module */
};

struct catalog_entry {
    const char *name;      /* the function */
    const char *prototype; /* its C declaration */
    const char *doc;
    const char *result; /* the signature it makes */
    const char *role;   /* it is the target's module for this role; NULL: it is for no role */
    const char *key;    /* the configure-time key that chooses, or NULL */
    /* for a module; NULL and 0 for a choice */
    const char *source; /* path below the root of the sources */
    size_t param_count, argument_count;
    const struct catalog_param *params; /* in the order of the PARAM lines */
    const struct catalog_argument *arguments;
};

/* A configure-time key that the catalogue declares. */
struct catalog_choice {
    const char *name, *default_value, *doc;
    const char *const *choices; /* ended by NULL */
};

/* Ended by an entry without a name. */
extern const struct catalog_entry catalog_entries[];
extern const struct catalog_choice catalog_choices[];

/* The entry of this name, or NULL; `name` may be NULL. */
const struct catalog_entry *catalog_find(const char *name);

/* The entry of the module that has this source, or NULL. */
const struct catalog_entry *catalog_of_source(const char *source);

#endif
