/* The record of a configuration as it comes from the child, before keys are applied to it. */
#ifndef TOOL_GRAPH_RECORD_H
#define TOOL_GRAPH_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "composition/evaluate.h"

enum recorded_kind { RECORDED_APPLY, RECORDED_NAMED, RECORDED_CHOICE, RECORDED_ABSENT };

/* A value; its arguments are numbers of earlier ones. */
struct recorded {
    enum recorded_kind kind;
    size_t functor; /* of an apply */
    size_t key;     /* of a choice */
    size_t arg_count;
    size_t *args;
    const char **cases; /* of a choice: the key's value for each argument, ended by NULL */
    const char *text;   /* the name of a named, what to say of an absent */
    struct place place;
};

struct record {
    size_t functor_count, value_count, key_count, job_count, arg_count;
    struct functor *functors;
    struct recorded *values;
    struct key *keys;
    struct job *jobs;
    size_t *job_values;
    struct config_arg *args;
};

/* Read the record, with the keys set as the command line gives them; what is wrong is told. */
bool record_read(const char *config, const char *data, size_t len, const struct given_key *given,
                 size_t given_count, struct record *out);

/* Give the keys their values: defaults, then the command line's. */
bool keys_apply(struct key *keys, size_t count, const struct given_key *given, size_t given_count);

#endif
