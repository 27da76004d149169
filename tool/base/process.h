/* Running other programs: compilers, ninja, generators. */
#ifndef TOOL_PROCESS_H
#define TOOL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Where PATH has the program, or `name` itself when it is a path; NULL when it is nowhere. */
const char *program_find(const char *name);

/* One command; run_all fills the results. */
struct command {
    const char *const *argv; /* looked up in PATH, ended by NULL */
    char *out, *err;         /* what it printed, kept; never NULL after run_all */
    size_t out_len, err_len;
    int status; /* exit status; 128 + signal; -1 when it could not be started */
};

/*
 * Run the commands, as many at once as there are processors, and wait for all of
 * them. Returns whether every one ended with status 0.
 */
bool run_all(struct command *commands, size_t count);

/* Begin one in the background, what it prints going to the file `log`; 0 when it can't start, and told. */
long run_begin(const char *const *argv, const char *log);

/* Wait for it; its status as above. */
int run_end(long process);

/*
 * Run ninja in `folder`; its status as above. On a terminal its progress is one line that goes away at the
 * end. What else was printed, of what went wrong, is the caller's to show: `printed`, kept.
 */
int run_ninja(const char *folder, char **printed);

#endif
