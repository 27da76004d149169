/*
 * The composition that a configuration describes, after its conditionals are resolved:
 * functors applied to values, interned, so that the same application written twice is
 * one value. evaluate() makes it, everything after reads it. Strings and arrays
 * live as long as the graph.
 */
#ifndef TOOL_GRAPH_H
#define TOOL_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

/* Where in the user's configuration something was said. */
struct place {
    const char *file; /* as the user would name it: relative to the working directory when below it */
    int line;
};

enum key_kind { KEY_KIND_BOOL, KEY_KIND_INT, KEY_KIND_STRING, KEY_KIND_ENUM };

/* A configure-time key, declared by the configuration or by the catalogue. */
struct key {
    const char *name, *doc;
    enum key_kind kind;
    const char *default_value;
    const char **choices; /* of an enum key, ended by NULL */
    const char *value;    /* after the command line */
    bool given;           /* the command line set it */
    struct place place;
};

enum setting_kind { SETTING_BOOL, SETTING_INT, SETTING_STRING, SETTING_STRINGS };

/* A constant of a functor (KEY_INT …) that the configuration sets for one application. */
struct setting {
    enum setting_kind kind;
    const char *name,
        *value;          /* value as text: a number, true or false, or the string itself; NULL for strings */
    const char **values; /* of SETTING_STRINGS, ended by NULL */
    struct place place;
};

/* A runtime argument that the configuration itself declares. */
struct config_arg {
    const char *name, *type, *default_text, *doc; /* type: "port", "int", … as arg.h's, lower case */
    struct place place;
};

/* What foreign() or the catalogue made: a source with a type. */
struct functor {
    const char *name;    /* the catalogue's name of it, or NULL */
    const char *source;  /* absolute path of the file or the folder */
    const char *written; /* the same as foreign() or the catalogue names it */
    const char *result;  /* name of a signature: "CONSOLE" */
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
    const char *label;  /* the name the configuration gives it with named(), or NULL */
    struct place place; /* of the apply */
    size_t id;          /* place in graph.values */
    const char *type;   /* the signature it is used as; result of the functor unless coerced */
};

struct job {
    const char *name;
    struct value *value;
    struct place place;
};

struct graph {
    const char *config; /* path of config.c */
    size_t job_count;
    struct job *jobs;
    size_t value_count;
    struct value **values; /* those that a job needs, arguments before what is applied to them */
    size_t key_count;
    struct key *keys;
    size_t arg_count;
    struct config_arg *args;
};

#endif
