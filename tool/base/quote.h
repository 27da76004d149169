#ifndef TOOL_QUOTE_H
#define TOOL_QUOTE_H

#include <stddef.h>

/* Quoting for ninja and sh. The results are kept until the tool exits. */

/*
 * Why no generated file can name the path, as a sentence without its end, or NULL. C names files in #include
 * and #line, where nothing can be escaped. ninja escapes no vertical bar. compile_commands.json is JSON,
 * which is UTF-8.
 */
const char *unquotable(const char *path);

/* The path as a build.ninja writes it, with ninja's escapes. */
const char *ninja_path(const char *path);

/* The word as a command line in a build.ninja writes it, quoted for sh and escaped for ninja. */
const char *shell_word(const char *word);

/* The words, each as shell_word returns it, with spaces between them. */
const char *shell_words(const char *const *words, size_t count);

#endif
