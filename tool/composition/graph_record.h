/* The record of a configuration, as the child sends it, before its choices are made. */
#ifndef TOOL_GRAPH_RECORD_H
#define TOOL_GRAPH_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "composition/evaluate.h"

enum recorded_kind { RECORDED_APPLY, RECORDED_NAMED, RECORDED_CHOICE, RECORDED_ABSENT };

/* A value. Its arguments are indices of earlier values. */
struct recorded {
    enum recorded_kind kind;
    size_t functor; /* of RECORDED_APPLY: its index */
    size_t key;     /* of RECORDED_CHOICE: its index */
    size_t arg_count;
    size_t *args;
    const char **cases; /* of RECORDED_CHOICE: the value of the key for each argument, ended by NULL */
    const char *text;   /* of RECORDED_NAMED, the name; of RECORDED_ABSENT, the message for its use */
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

/* Read the record and set its keys from the command line. On failure, prints errors and returns false. */
bool record_read(const char *config, const char *data, size_t len, const struct given_key *given,
                 size_t given_count, struct record *out);

/*
 * Set the keys to their defaults, and then to the values of the command line. On failure, prints errors and
 * returns false.
 */
bool keys_apply(struct key *keys, size_t count, const struct given_key *given, size_t given_count);

#endif
