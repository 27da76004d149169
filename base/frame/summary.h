/* A frame in one line, for whoever reads a log. */
#ifndef BASE_FRAME_SUMMARY_H
#define BASE_FRAME_SUMMARY_H

#include <mirage/buf.h>

#define FRAME_SUMMARY_SIZE 256

/* Summarise any frame in one line, without a line feed. */
void frame_summary(const struct buf *frame, char line[static FRAME_SUMMARY_SIZE]);

#endif
