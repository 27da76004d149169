/* What the files of this module share. */
#ifndef LIB_TRACE_TRACE_H
#define LIB_TRACE_TRACE_H

#include <mirage/functor.h>

#define TRACE_LINE 256

/* Summarise any frame in one line, without a line feed. */
INTERNAL void trace_summary(const struct buf *frame, char line[static TRACE_LINE]);

#endif
