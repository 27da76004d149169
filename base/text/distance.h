/* How far apart two words are, to find what was meant by one that nobody knows. */
#ifndef BASE_TEXT_DISTANCE_H
#define BASE_TEXT_DISTANCE_H

#include <stddef.h>

/* Longer words are as far from everything as can be. */
enum { EDIT_DISTANCE_LENGTH_MAX = 127 };

/*
 * How many characters must be put in, left out or changed to make one of the other (Levenshtein); some
 * number above `most` when it is more than that.
 */
size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len, size_t most);

#endif
