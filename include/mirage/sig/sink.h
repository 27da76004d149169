/*
 * SINK: outputs that take bytes, one behind the other, and are never read here: what a run leaves for
 * somebody to look at. Nothing but M_open suspends, so that packets can be recorded from callbacks.
 *
 * M_open(sink, name, out): an empty output of this name, in place of the one that had it before. What names
 *   look like is the sink's business. ERR_ACCESS: it can't be made. ERR_NO_MEMORY.
 * M_append(output, data, len): put a copy of the bytes behind those that came before. They may be kept for a
 *   while. ERR_IO: they could not be written; part of them may have been, and the output is good for nothing
 *   but M_close.
 * M_flush(output): hand on what was kept. ERR_IO as above.
 * M_close(output): flush and free it, on an error as well. ERR_IO: its end could not be written. Outputs are
 *   closed before the sink is disconnected.
 */
#ifndef MIRAGE_SIG_SINK_H
#define MIRAGE_SIG_SINK_H

#define SINK(M)                                                                 \
    DEVICE(M);                                                                  \
    struct M##_output;                                                          \
    IO err M##_open(struct M *sink, const char *name, struct M##_output **out); \
    err M##_append(struct M##_output *output, const void *data, size_t len);    \
    err M##_flush(struct M##_output *output);                                   \
    err M##_close(struct M##_output *output)

#endif
