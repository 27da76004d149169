/*
 * The command line. One table has the options and texts of each command. --help, the manual pages and the
 * completions of the shells are made from it.
 */
#ifndef TOOL_CLI_H
#define TOOL_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/strings.h"
#include "emission/unit.h"
#include "project/update.h"

struct arguments {
    struct choices choices;
    /* Of `mirage run`. */
    bool debug;
    /* Of `mirage describe`. */
    bool dot, svg, json;
    /* Of `mirage describe`: the operation or event to look for. */
    const char *where;
    const char *output, *depfile;
    struct unit_choices unit;
    struct strings positional;
    struct strings program; /* what follows "--": arguments of the program that is run */
};

struct cli_command {
    const char *name, *summary;
    const char *usage; /* what follows the options: "[FOLDER]" */
    const char *description;
    bool takes_keys; /* an unknown --name=value sets a key of the configuration */
    int most_positional;
    const struct argp_option *options;
    int (*run)(const struct cli_command *command, struct arguments *arguments); /* the exit status */
};

/* Ended by one whose name is NULL. */
extern const struct cli_command cli_commands[];

const struct cli_command *cli_find(const char *name);

/* Parse the command's arguments and run it. */
int cli_run(const struct cli_command *command, int argc, char **argv);

/* Print what --help prints, to standard output. */
void cli_help(const struct cli_command *command);
void cli_overview(FILE *to);

/*
 * Write mirage.1, mirage-build.1 and so on, or mirage.bash and _mirage, to `folder`. On failure, these print
 * an error and return false.
 */
bool cli_write_manuals(const char *folder);
bool cli_write_completions(const char *folder);

/* A page of the reference, in Markdown. */
struct cli_page {
    const char *name, *summary;
    const char *(*make)(const struct installation *where); /* NULL when the tables of this file are enough */
};

/* Ended by one whose name is NULL. */
extern const struct cli_page cli_pages[];

/* The page's text, kept until the tool exits. On failure, prints an error and returns NULL. */
const char *cli_page_text(const struct cli_page *page);

/*
 * Write commands.md, modules.md and signatures.md to `folder`. On failure, prints an error and returns false.
 */
bool cli_write_reference(const char *folder);

/* The environment variables that the command reads. An entry whose name is NULL ends the list. */
struct cli_variable {
    const char *name, *doc;
};
extern const struct cli_variable cli_environment[];

/*
 * Open the project that the arguments choose and bring its build up to date. On failure, prints errors and
 * returns false.
 */
bool open_and_build(struct arguments *arguments, struct project *out);

/*
 * The list of targets: a line for each, as `mirage targets` prints it; a table in Markdown; or "linux, sim".
 */
const char *targets_text(void);
const char *targets_table(void);
const char *targets_names(void);

/*
 * Append to `argv` the command that starts the program in the way of `way`. When `way` is NULL, the program
 * is a process of the host. On failure, prints an error and returns false.
 */
bool launch_words(const struct project *project, launch_fn *way, const struct strings *arguments,
                  struct strings *argv);

/*
 * Describe sources for a command that belongs to no application. `cc` is the compiler; when it is NULL, it is
 * the environment's CC, or cc. The descriptions are not cached. On failure, prints errors and returns false.
 */
bool read_sources(const struct installation *where, const char *cc, const struct strings *sources,
                  struct description **out);

int command_new(const struct cli_command *command, struct arguments *arguments);
int command_configure(const struct cli_command *command, struct arguments *arguments);
int command_build(const struct cli_command *command, struct arguments *arguments);
int command_run(const struct cli_command *command, struct arguments *arguments);
int command_test(const struct cli_command *command, struct arguments *arguments);
int command_describe(const struct cli_command *command, struct arguments *arguments);
int command_unit(const struct cli_command *command, struct arguments *arguments);
int command_clean(const struct cli_command *command, struct arguments *arguments);
int command_targets(const struct cli_command *command, struct arguments *arguments);
int command_help(const struct cli_command *command, struct arguments *arguments);

#endif
