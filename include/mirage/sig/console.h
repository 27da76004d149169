/*
 * CONSOLE: text for a person or a log collector.
 *
 * M_write(console, data, len): write all the bytes, in order, waiting while the
 *   console can't take them. The bytes stay the caller's. What a full disk has no room
 *   for is dropped and counted. ERR_IO when the other end has gone.
 * M_log(console, line): write the line and a line feed, not interleaved with another
 *   fiber's line. A line that nobody takes is dropped and counted, and that is no error:
 *   a full disk has no room for it, the other end has gone, or has taken nothing for long.
 */
#ifndef MIRAGE_SIG_CONSOLE_H
#define MIRAGE_SIG_CONSOLE_H

#define CONSOLE(M)                                                     \
    DEVICE(M);                                                         \
    IO err M##_write(struct M *console, const void *data, size_t len); \
    IO err M##_log(struct M *console, const char *line)

#endif
