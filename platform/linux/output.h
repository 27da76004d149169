/*
 * Writing to standard output and error without ever blocking. Other processes share these descriptors, so
 * their flags are not changed. One that can block is opened again as a file description of our own, which is
 * made non-blocking. Where that isn't possible, poll() is asked before each small write.
 *
 * All of it may be called from a signal handler.
 */
#ifndef PLATFORM_LINUX_OUTPUT_H
#define PLATFORM_LINUX_OUTPUT_H

#include <sys/types.h>

#include <mirage/err.h>

enum linux_output_way {
    LINUX_OUTPUT_WRITE,  /* never blocks: a file, or non-blocking */
    LINUX_OUTPUT_SEND,   /* a socket, which can be asked not to block once */
    LINUX_OUTPUT_POLLED, /* may block */
};

struct linux_output {
    int fd; /* a duplicate, or a descriptor that was opened again; the holder closes it */
    enum linux_output_way way;
};

/* Find out what the descriptor is: STDOUT_FILENO or STDERR_FILENO. ERR_IO: it is closed. ERR_NO_SPACE. */
err linux_output_open(struct linux_output *output, int descriptor);

/* The same as write(2) to a non-blocking descriptor: EAGAIN when there is no room. */
ssize_t linux_output_write(const struct linux_output *output, const void *data, size_t len);

#endif
