/* Functions that a generated main.c calls, besides the devices and jobs that it connects. */
#ifndef MIRAGE_MAIN_H
#define MIRAGE_MAIN_H

#include <mirage/functor.h>
#include <mirage/metric.h>

/*
 * Parse the arguments and run start() as the first fiber, until it returns. Returns the program's exit
 * status: 0, 1 when start failed, 2 for a mistake in the arguments.
 */
int main_run(const struct arg_program *program, int argc, char *argv[], err (*start)(void));

/* Log that a device could not be connected, or that a job ended with an error. Returns that error. */
err main_failed(const char *what, const char *name, err error);

/*
 * Called for an event that no functor of this program defines: count it, free its buffer (which may be NULL),
 * and log it at the debug level. The first such event registers the metric.
 */
void event_drop(struct metric *drops, const char *event, struct buf *buf);

#endif
