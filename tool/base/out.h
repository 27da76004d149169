/* A growing text, such as the contents of a file that the tool generates. */
#ifndef TOOL_OUT_H
#define TOOL_OUT_H

#include <stddef.h>

/* Zeros are an empty text. Otherwise a NUL, which `len` does not include, ends `data`. */
struct out {
    char *data;
    size_t len, room;
};

/* Append what printf would print. */
__attribute__((format(printf, 2, 3))) void out_print(struct out *out, const char *format, ...);

/* Append `len` bytes. */
void out_bytes(struct out *out, const char *data, size_t len);

/* The text, kept until the tool exits; "" when it is empty. Leaves an empty one, which need not be freed. */
char *out_keep(struct out *out);

/* Free the text and leave an empty one. */
void out_free(struct out *out);

#endif
