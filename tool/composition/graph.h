/*
 * The composition that a configuration describes, after its choices are made: functors applied to values.
 * Values are interned, so the same application written twice is one value. evaluate() makes the graph, and
 * nothing changes it later. Its strings and arrays are kept until the tool exits.
 */
#ifndef TOOL_GRAPH_H
#define TOOL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

/* Where in the user's configuration something was said. */
struct place {
    const char *file; /* relative to the working directory when it lies below */
    int line;
};

enum key_kind { KEY_KIND_BOOL, KEY_KIND_INT, KEY_KIND_STRING, KEY_KIND_ENUM };

/* A configure-time key, which the configuration or the catalogue declares. */
struct key {
    const char *name, *doc;
    enum key_kind kind;
    const char *default_value;
    const char **choices; /* the values of an enum key, ended by NULL */
    const char *value;    /* the value that the command line or the default gives */
    bool given;           /* whether the command line set it */
    struct place place;
};

enum setting_kind { SETTING_BOOL, SETTING_INT, SETTING_STRING, SETTING_STRINGS };

/*
 * The value that the configuration gives to a constant of a functor (KEY_INT and similar) in one application.
 */
struct setting {
    enum setting_kind kind;
    const char *name,
        /* the value as text: a number, true or false, or the string itself; NULL for strings */
        *value;
    const char **values; /* of SETTING_STRINGS, ended by NULL */
    struct place place;
};

/* A runtime argument that the configuration declares. */
struct config_arg {
    /* type: a type of arg.h in lower case, such as "port" or "int" */
    const char *name, *type, *default_text, *doc;
    struct place place;
};

/* A functor: a source with a type, made by foreign() or by the catalogue. */
struct functor {
    const char *name;    /* its name in the catalogue, or NULL */
    const char *source;  /* the absolute path of the file or folder */
    const char *written; /* the path as foreign() or the catalogue gives it */
    const char *result;  /* the name of a signature: "CONSOLE" */
    size_t param_count;
    const char **params; /* names of signatures */
    size_t setting_count;
    struct setting *settings;
    size_t library_count;
    const char **libraries; /* pkg-config names, ended by NULL */
    struct place place;
};

/* A functor applied to values: one instance. */
struct value {
    struct functor *functor;
    size_t arg_count;
    struct value **args;
    const char *label;  /* the name that the configuration gives it with named(), or NULL */
    struct place place; /* where it is applied */
    size_t id;          /* its index in graph.values */
    /* the signature that it is used as: the functor's result, unless the configuration coerced it */
    const char *type;
};

struct job {
    const char *name;
    struct value *value;
    struct place place;
};

struct graph {
    const char *config; /* the path of config.c */
    size_t job_count;
    struct job *jobs;
    size_t value_count;
    struct value **values; /* the values that a job needs, each after its arguments */
    size_t key_count;
    struct key *keys;
    size_t arg_count;
    struct config_arg *args;
};

#endif
