/*
 * The command line: each command's options and texts in one table, from which --help, the
 * manual pages and the shells' completion are all made.
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
    bool debug;          /* run */
    bool dot, svg, json; /* describe */
    const char *where;   /* describe: of this operation or event */
    const char *output, *depfile;
    struct unit_choices unit;
    struct strings positional;
    struct strings program; /* behind "--": for the program that is run */
};

struct cli_command {
    const char *name, *summary;
    const char *usage;       /* behind the options: "[FOLDER]" */
    const char *description; /* paragraphs */
    bool takes_keys;         /* unknown --name=value options are the configuration's keys */
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

/* mirage.1, mirage-build.1, …; mirage.bash and _mirage in `folder`. */
bool cli_write_manuals(const char *folder);
bool cli_write_completions(const char *folder);

/* A page of the reference, in Markdown. */
struct cli_page {
    const char *name, *summary;
    const char *(*make)(const struct installation *where); /* NULL: made from the tables here alone */
};

/* Ended by one whose name is NULL. */
extern const struct cli_page cli_pages[];

/* The page's text, or NULL, and why was told. */
const char *cli_page_text(const struct cli_page *page);

/* commands.md, modules.md, signatures.md in `folder`. */
bool cli_write_reference(const char *folder);

/* The environment's variables that the command reads; ended by one whose name is NULL. */
struct cli_variable {
    const char *name, *doc;
};
extern const struct cli_variable cli_environment[];

/* Open the project that the arguments choose and bring its build up to date. */
bool open_and_build(struct arguments *arguments, struct project *out);

/* The targets: a line each, as `mirage targets` prints them; as a table of Markdown; "linux, sim". */
const char *targets_text(void);
const char *targets_table(void);
const char *targets_names(void);

/* The command that starts the program in this way; NULL: as a process of the host. False: told why not. */
bool launch_words(const struct project *project, launch_fn *way, const struct strings *arguments,
                  struct strings *argv);

/*
 * Describe sources for a command that belongs to no application, with the compiler `cc` (NULL: the
 * environment's CC, or cc). What is known of them is not kept. Mistakes are told; false.
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
