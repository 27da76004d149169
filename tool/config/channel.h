/*
 * The interface between the mirage command and libmirage-config.so. The command forks a child. The child
 * loads this library, calls mirage_config_start, loads the compiled configuration, calls the user's config()
 * and then mirage_config_finish. The record comes back over a pipe as one JSON text.
 */
#ifndef TOOL_CONFIG_CHANNEL_H
#define TOOL_CONFIG_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

struct target;

/* A page that the child shares with its parent, which reads it when the child did not finish. */
struct config_channel {
    char file[1024]; /* the place of the last call in the configuration */
    int line;
    int signal;          /* the signal of a crash, or 0 */
    bool stack_overflow; /* whether the crash was a stack overflow */
    uint64_t offset;     /* where it crashed, hung or exited, as an offset into its object; 0 when unknown */
    bool done;           /* the record or an error is in the pipe, or `problem` says why not */
    char problem[1024];
};

struct config_start {
    struct config_channel *channel;
    int pipe;
    const char *folder;                  /* the folder of config.c, absolute; relative paths start there */
    const char *root;                    /* the folder of the catalogue's sources, absolute */
    const struct target *target;         /* the target that the program is for */
    const struct target *const *targets; /* all targets, ended by NULL */
};

typedef void mirage_config_start_fn(const struct config_start *start);
/* Send the record and end the child. Returns false when the record has no job. */
typedef bool mirage_config_finish_fn(void);
mirage_config_start_fn mirage_config_start;
mirage_config_finish_fn mirage_config_finish;

#endif
