/* Lists of strings. */
#ifndef TOOL_STRINGS_H
#define TOOL_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing list. Its memory is kept until the tool exits. `items` is NULL for an empty list. Otherwise a
 * NULL, which `count` does not include, ends it.
 */
struct strings {
    const char **items;
    size_t count, room;
};

/* Append the pointer. The string is not copied and must live as long as the list. */
void strings_add(struct strings *s, const char *item);

/* Append the words of the text, which are separated by white space. They are copied. */
void strings_add_words(struct strings *s, const char *words);

/* Append `count` pointers. */
void strings_add_all(struct strings *s, const char *const *items, size_t count);

/* Whether the list has a string that is equal to `item`. */
bool strings_has(const struct strings *s, const char *item);

/* Sort by the values of the bytes. */
void strings_sort(struct strings *s);

/* The strings as one text, with `between` between any two. It is kept until the tool exits. */
char *strings_join(const struct strings *s, const char *between);

/* Whether a list that a NULL ends has the word. */
bool listed(const char *const *list, const char *word);

#endif
