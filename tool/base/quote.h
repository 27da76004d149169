#ifndef TOOL_QUOTE_H
#define TOOL_QUOTE_H

#include <stddef.h>

/* What these return is kept until the program ends. */

/* A path in a build.ninja, with ninja's own escapes. */
const char *ninja_path(const char *path);

/* A word of a command line for sh, in a build.ninja. */
const char *shell_word(const char *word);

/* Words, each as shell_word has it, with spaces between. */
const char *shell_words(const char *const *words, size_t count);

#endif
