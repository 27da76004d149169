/* The distance of two words, to find which known word somebody meant. */
#ifndef BASE_TEXT_DISTANCE_H
#define BASE_TEXT_DISTANCE_H

#include <stddef.h>

/* Words that are longer have the greatest distance to every other word. */
enum { EDIT_DISTANCE_LENGTH_MAX = 127 };

/*
 * How many characters must be inserted, removed or changed to turn one word into the other (Levenshtein).
 * When there are more than `most`, the result is some number above `most`.
 */
size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len, size_t most);

#endif
