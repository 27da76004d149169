/*
 * Makes the composition that a config.c describes. config.c is compiled, run in a child with a time limit,
 * and resolved with the keys of the command line. Every mistake is printed as one sentence at the user's
 * line.
 */
#ifndef TOOL_EVALUATE_H
#define TOOL_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include "composition/graph.h"
#include "composition/source.h"
#include "target/target.h"

/*
 * A key of the command line: --name=value. When `value` is NULL it is --name alone, which sets a bool key to
 * true.
 */
struct given_key {
    const char *name, *value;
    /* it comes from an earlier command line, so the configuration may no longer have this key */
    bool remembered;
};

struct evaluation {
    const char *config;              /* the path of config.c */
    const struct compiler *compiler; /* its include folder has mirage/config.h */
    const char *root;                /* the folder of the sources of the catalogue's modules */
    const char *library_folder;      /* the folder of libmirage-config.so and mirage-modules.h */
    const char *cache;               /* the folder in which the compiled configuration is kept */
    const struct target *target;     /* NULL: the first target */
    size_t given_count;
    const struct given_key *given;
    int time_limit_ms; /* in milliseconds; 0 means 5000 */
};

/* On failure, prints errors and returns false. The graph's memory is kept until the tool exits. */
bool evaluate(const struct evaluation *evaluation, struct graph *out);

/* The first part of evaluate: compile config.c. Returns the path of the shared object, or NULL. */
const char *config_compile(const struct evaluation *evaluation, const char *config);

/* The second part: run the object in a child. Returns the record that the child sends, or NULL. */
char *config_run(const struct evaluation *evaluation, const char *config, const char *object, size_t *len);

/*
 * The third part: read the record. Prints an error for each key that the configuration lacks or whose value
 * is wrong.
 */
bool graph_read(const char *config, const char *record, size_t len, const struct given_key *given,
                size_t given_count, struct graph *out);

#endif
