/* What the files of arg share. */
#ifndef RUNTIME_ARG_PRIVATE_H
#define RUNTIME_ARG_PRIVATE_H

#include <mirage/arg.h>

#include "runtime.h"

/* Memory for the values of lists, which live as long as the program. */
struct arg_chunk {
    struct arg_chunk *next;
    _Alignas(16) char bytes[];
};
void *arg_allocate(size_t size);

/*
 * Read `text` into the argument's variable; a list is appended to. ERR_FORMAT when it
 * is not what the type wants, ERR_NO_MEMORY.
 */
err arg_set(const struct arg *arg, const char *text);

/* Reset the variable: to zero, or to the empty list. */
void arg_clear(const struct arg *arg);

/* "a port number from 0 to 65535" */
const char *arg_expected(enum arg_type type);

/* "PORT" */
const char *arg_placeholder(enum arg_type type);

/* The name on the command line, with hyphens: into `out`, of ARG_NAME_SIZE bytes. */
#define ARG_NAME_SIZE 128
void arg_name(char *out, const char *instance, const char *name);

void arg_help(const struct arg_program *program);

#endif
