/*
 * The declarations of a functor's source: its module, parameters, keys and arguments. They are read from the
 * markers that functor.h leaves under -DMIRAGE_DESCRIBE, after the compiler's own preprocessor has run.
 */
#ifndef TOOL_SOURCE_H
#define TOOL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/declared_key.h"
#include "composition/declared_rule.h"

/* A function that a signature declares. */
struct operation {
    const char *name;      /* with the module's prefix: "console_log" */
    const char *prototype; /* "err console_log(struct console *console, const char *line)" */
    const char *prefix;    /* the module or sub-module that it belongs to: "console" */
    bool is_event;         /* its name after the prefix begins with "on_" */
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
    struct submodule *submodules; /* in the order of the signature, without repetitions */
    size_t operation_count;
    struct operation *operations;
};

struct declared_arg {
    const char *type, *name, *value, *doc; /* type: "PORT"; value: NULL when it has no default */
    const char *file;
    int line;
};

/* A CATALOG line: how the configuration calls the module. */
struct catalog_line {
    const char *name;
    size_t argument_count;
    struct named_argument {
        const char *name; /* the name of a parameter or a key */
        bool is_path;     /* written path(name) */
    } * arguments;
    const char *file;
    int line;
};

/* A GENERATED line: the program that makes an instance's data. */
struct generated_line {
    const char *program;
    struct strings keys; /* the keys whose values the program is given, in this order */
    const char *file;
    int line;
};

/* A CHOICE line of the catalogue: a function that chooses between modules. */
struct choice_line {
    const char *result, *name, *doc, *params; /* params: the parameters as C text, or "" */
    const char *role;                         /* the role of the target's module that it stands for, or "" */
    const char *key;                          /* the key that chooses, or "" */
    /* the function that is called when there are no arguments, or "" */
    const char *without;
    const char *file;
    int line;
};

struct description {
    const char *source;
    struct strings files; /* its C files: the source itself, or those of the folder */
    struct use *module;   /* NULL when it has no MODULE line */
    size_t module_count;
    size_t param_count;
    struct use *params;
    size_t key_count;
    struct declared_key *keys;
    size_t rule_count;
    struct declared_rule *rules;
    size_t arg_count;
    struct declared_arg *args;
    struct catalog_line *catalog;     /* NULL when it has no CATALOG line */
    struct generated_line *generated; /* NULL when it has no GENERATED line */
    struct strings libraries;         /* the pkg-config names of its LIBRARY lines */
    size_t choice_count;
    struct choice_line *choices;
    struct strings inputs; /* every file that was read for this description */
    struct strings uses;   /* the names of the pure libraries that its own files include */
};

/* A compiler, and what the flags for reading a functor's file need. */
struct compiler {
    const char *cc; /* as it was given; words after the first are a compiler behind a launcher, or flags */
    bool is_clang;
    /* a flag that names the machine to compile for, or NULL for the compiler's default */
    const char *machine;
    const char *version; /* the first line of --version */
    const char *include; /* the folder that contains mirage/ */
    const char *root;    /* the folder that contains base/ */
    struct strings
        given; /* the user's flags that say what a source contains: -D, -U, -I, -isystem, -include */
};

/*
 * Describe `count` sources, several at once. `out` receives a description for each, kept until the tool
 * exits. Results are cached in the folder `cache`. On failure, prints errors at the lines of the sources and
 * returns false.
 */
bool describe_all(const struct compiler *compiler, const char *cache, const char *const *sources,
                  size_t count, struct description **out);

/* The same, without description_checked: a source need not be one module. */
bool describe_unchecked(const struct compiler *compiler, const char *cache, const char *const *sources,
                        size_t count, struct description **out);

/*
 * Check that the source is one module and that its lines agree. On failure, prints an error and returns
 * false.
 */
bool description_checked(const struct description *description);

/* The description's key with this name, or NULL. */
const struct declared_key *declared_key(const struct description *description, const char *name);

/* Append the words with which the compiler is started. */
void compiler_words(const struct compiler *compiler, struct strings *argv);

/* What results of this compiler depend on. `version` is that of the results' form. */
uint64_t compiler_key(const struct compiler *compiler, uint64_t version);

/* Append the flags that every compilation of a functor has. */
void functor_flags(const struct compiler *compiler, struct strings *argv);

/*
 * Append the C files of a functor's source: the file itself, or those of the folder, sorted. False when there
 * are none.
 */
bool source_files(const char *source, struct strings *out);

#endif
