/* Running other programs: compilers, ninja, generators. */
#ifndef TOOL_PROCESS_H
#define TOOL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The path of the program in PATH, or `name` itself when it contains a slash. NULL when PATH has no such
 * program.
 */
const char *program_find(const char *name);

/* A command. run_all fills in the results. */
struct command {
    const char *const *argv; /* looked up in PATH, ended by NULL */
    char *out, *err;         /* what it printed, kept until the tool exits, with a NUL after it */
    size_t out_len, err_len;
    int status; /* the exit status, 128 + the signal, or -1 when it could not be started */
};

/*
 * Run the commands, as many at once as there are processors, and wait for all of them. Returns whether every
 * command ended with status 0.
 */
bool run_all(struct command *commands, size_t count);

/*
 * Start a command in the background, with its output in the file `log`. Returns the process for run_end. On
 * failure, prints an error and returns 0.
 */
long run_begin(const char *const *argv, const char *log);

/* Wait for the process to end. Returns its status, as in struct command. */
int run_end(long process);

/*
 * Run ninja in `folder`. Returns its status, as in struct command. On a terminal, progress is one line, which
 * is removed at the end. `printed` receives what the failed commands printed, kept until the tool exits. The
 * caller shows it.
 */
int run_ninja(const char *folder, char **printed);

#endif
