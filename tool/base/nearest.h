/* The word that the user meant. */
#ifndef TOOL_NEAREST_H
#define TOOL_NEAREST_H

/*
 * The candidate with the smallest edit distance to `word`, or NULL when none is near enough to be meant.
 * `candidates` is ended by NULL.
 */
const char *nearest(const char *word, const char *const *candidates);

#endif
