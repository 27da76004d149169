/*
 * From a config.c to the composition that it describes: compiled, run in a child with a time limit, and
 * resolved with the keys of the command line. Every mistake is told in one sentence at the user's line.
 */
#ifndef TOOL_EVALUATE_H
#define TOOL_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "composition/graph.h"
#include "composition/source.h"
#include "target/target.h"

/* --name=value from the command line; value NULL: --name alone, which makes a bool key true. */
struct given_key {
    const char *name, *value;
    bool remembered; /* from an earlier command line: the configuration may have lost the key since */
};

struct evaluation {
    const char *config;              /* path of config.c */
    const struct compiler *compiler; /* its include folder holds mirage/config.h */
    const char *root;                /* where the catalogue's sources lie */
    const char *library_folder;      /* holds libmirage-config.so and mirage-modules.h */
    const char *cache;               /* where the compiled configuration is kept */
    const struct target *target;     /* NULL: the first of all */
    size_t given_count;
    const struct given_key *given;
    int time_limit_ms; /* 0: 5000 */
};

/* False when something was wrong, and told. */
bool evaluate(const struct evaluation *evaluation, struct graph *out);

/* Its parts: compile config.c (the path of the shared object, or NULL) … */
const char *config_compile(const struct evaluation *evaluation, const char *config);

/* … run it (the record it sends, or NULL) … */
char *config_run(const struct evaluation *evaluation, const char *config, const char *object, size_t *len);

/* … and read the record. Keys that are not the configuration's, or with wrong values, are told. */
bool graph_read(const char *config, const char *record, size_t len, const struct given_key *given,
                size_t given_count, struct graph *out);

#endif
