/*
 * The catalogue: what each shipped module is, said once. config.c's functions (catalog.c), the
 * documentation and `mirage describe` are made from this table; a module's constants and runtime arguments
 * are those that its source declares, so they aren't repeated here.
 */
#ifndef CATALOG_H
#define CATALOG_H

struct catalog_entry {
    const char *name;      /* the function of mirage/catalog.h */
    const char *prototype; /* its C declaration */
    const char *doc;
    const char *source; /* under the root of the sources; NULL: it is of a role or chooses between others */
    const char *role;   /* the target's module of this role; NULL: it is none's */
    const char *result; /* the signature it makes */
    const char *const *params;    /* signatures of the source's PARAM lines, in order; ended by NULL */
    const char *const *libraries; /* pkg-config names, ended by NULL */
    const char *generator;        /* the program that makes its data, or NULL */
    const char *chosen_by;        /* the configure-time key that chooses, or NULL */
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

#endif
