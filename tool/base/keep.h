/*
 * Memory and text that live until the tool exits. The tool is a short-lived process, so nobody frees what it
 * keeps. When there is no memory left, these functions print a message and end the process.
 */
#ifndef TOOL_KEEP_H
#define TOOL_KEEP_H

#include <stddef.h>

/* Memory of `size` bytes, all zero. */
void *keep(size_t size);

/* A copy of the string. */
char *keep_string(const char *text);

/* A copy of `len` bytes, with a NUL after them. */
char *keep_bytes(const char *data, size_t len);

/* The text that printf would print. */
__attribute__((format(printf, 1, 2))) char *text(const char *format, ...);

/* Return `p`, what an allocation returned. When it is NULL, print a message and end the process. */
void *or_out_of_memory(void *p);

#endif
