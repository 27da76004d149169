/*
 * CONSOLE: text for a person or a log collector.
 *
 * M_write(console, data, len): write all the bytes, in order, waiting while the
 *   console can't take them. The bytes stay the caller's. What nobody takes is dropped
 *   and counted: a full disk has no room for it, the reader has gone, or takes nothing any more.
 * M_log(console, line): M_write of the line and a line feed, not interleaved with
 *   another fiber's line.
 */
#ifndef MIRAGE_SIG_CONSOLE_H
#define MIRAGE_SIG_CONSOLE_H

#define CONSOLE(M)                                                     \
    DEVICE(M);                                                         \
    IO err M##_write(struct M *console, const void *data, size_t len); \
    IO err M##_log(struct M *console, const char *line)

#endif
