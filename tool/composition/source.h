/*
 * What a functor's source says of itself: its module, parameters, keys and
 * arguments. Read from the markers that functor.h leaves under -DMIRAGE_DESCRIBE, after
 * the compiler's own preprocessor has run.
 */
#ifndef TOOL_SOURCE_H
#define TOOL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/declared_key.h"

/* A function that a signature declares. */
struct operation {
    const char *name;      /* with the module's prefix: "console_log" */
    const char *prototype; /* "err console_log(struct console *console, const char *line)" */
    const char *prefix;    /* the module or sub-module it belongs to: "console" */
    bool is_event;         /* its name behind the prefix begins with "on_" */
};

struct submodule {
    const char *signature; /* "UDP", without the _ON */
    const char *name;
};

/* A PARAM or MODULE line. */
struct use {
    const char *signature; /* without the _ON */
    const char *name;      /* NULL when the line names none */
    bool is_unknown;       /* no header defines the signature */
    const char *file;
    int line;
    size_t submodule_count;
    struct submodule *submodules; /* in the order of the signature, each once */
    size_t operation_count;
    struct operation *operations;
};

struct declared_arg {
    const char *type, *name, *value, *doc; /* type: "PORT"; value: NULL when there is none */
    const char *file;
    int line;
};

/* A CATALOG line: how the configuration calls the module. */
struct catalog_line {
    const char *name;
    size_t argument_count;
    struct named_argument {
        const char *name; /* of a parameter or a key */
        bool is_path;     /* written path(name) */
    } * arguments;
    const char *file;
    int line;
};

/* A GENERATED line: what an instance's data is made by. */
struct generated_line {
    const char *program;
    struct strings keys; /* whose values it is given, in this order */
    const char *file;
    int line;
};

/* A CHOICE line of the catalogue: a function that is no module, but chooses some. */
struct choice_line {
    const char *result, *name, *doc, *params; /* params: their C text, "" for none */
    const char *role;                         /* of the target's module that it is, or "" */
    const char *key;                          /* which chooses, or "" */
    const char *without;                      /* the function for a call without arguments, or "" */
    const char *file;
    int line;
};

struct description {
    const char *source;
    struct strings files; /* its C files: itself, or the folder's */
    struct use *module;   /* NULL: it has no MODULE line */
    size_t module_count;
    size_t param_count;
    struct use *params;
    size_t key_count;
    struct declared_key *keys;
    size_t arg_count;
    struct declared_arg *args;
    struct catalog_line *catalog;     /* NULL: it has no such line */
    struct generated_line *generated; /* NULL: likewise */
    struct strings libraries;         /* of LIBRARY lines: pkg-config names */
    size_t choice_count;
    struct choice_line *choices;
    struct strings inputs; /* every file it was read from, for knowing when to read it again */
    struct strings uses;   /* the pure libraries that its own files include, by name */
};

/* Which compiler, and which flags a functor's file is read with. */
struct compiler {
    const char *cc;
    bool is_clang;
    const char *machine; /* a flag that names the machine to compile for, or NULL: the compiler's own */
    const char *version; /* first line of --version */
    const char *include; /* the folder that holds mirage/ */
    const char *root;    /* the folder that holds base/ */
};

/*
 * Describe the sources, several at once; `out` receives a description for each.
 * Cached under `cache`. A mistake in one is told at its line, and false returned.
 */
bool describe_all(const struct compiler *compiler, const char *cache, const char *const *sources,
                  size_t count, struct description **out);

/* The same, but a source need not be one module; what the lines of each say is not checked. */
bool describe_unchecked(const struct compiler *compiler, const char *cache, const char *const *sources,
                        size_t count, struct description **out);

/* Whether it is one module whose lines agree; if not, that is told. */
bool description_checked(const struct description *description);

/* Its key of this name, or NULL. */
const struct declared_key *declared_key(const struct description *description, const char *name);

/* The flags every compilation of a functor has in common, added to `argv`. */
void functor_flags(const struct compiler *compiler, struct strings *argv);

/* The files of a functor's source: itself, or a folder's *.c in order; false when there is none. */
bool source_files(const char *source, struct strings *out);

#endif
