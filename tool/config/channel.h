/*
 * What the mirage command and libmirage-config.so agree on. The command forks a child that loads this
 * library, calls mirage_config_start, loads the compiled configuration, calls the user's config() and
 * mirage_config_finish; the record comes back over a pipe as one JSON text.
 */
#ifndef TOOL_CONFIG_CHANNEL_H
#define TOOL_CONFIG_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

struct target;

/* A page shared with the parent: what it can know of a child that didn't finish. */
struct config_channel {
    char file[1024]; /* the last line of the configuration that was reached */
    int line;
    int signal;          /* of a crash, 0: none */
    bool stack_overflow; /* the crash was one */
    uint64_t offset;     /* where in its object it crashed, hung or exited, 0: unknown */
    bool done;           /* the record, or an error, is in the pipe, or `problem` says why not */
    char problem[1024];
};

struct config_start {
    struct config_channel *channel;
    int pipe;
    const char *folder;                  /* of config.c, absolute: relative paths start there */
    const char *root;                    /* where the catalogue's sources lie, absolute */
    const struct target *target;         /* that the program is for */
    const struct target *const *targets; /* all there are, ended by NULL */
};

typedef void mirage_config_start_fn(const struct config_start *start);
/* Sends the record and ends the child; false when there is no job in it. */
typedef bool mirage_config_finish_fn(void);
mirage_config_start_fn mirage_config_start;
mirage_config_finish_fn mirage_config_finish;

#endif
