/* Quoting for ninja and sh. */
#include <string.h>

#include "base/quote.h"
#include "base/out.h"
#include "base/strings.h"

const char *ninja_path(const char *path)
{
    struct out out = { 0 };
    for (; *path != '\0'; path++)
        out_print(&out, strchr("$ :", *path) != NULL ? "$%c" : "%c", *path);
    return out_keep(&out);
}

const char *shell_word(const char *word)
{
    if (word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=./,:@")] ==
            '\0' &&
        *word != '\0')
        return word;
    struct out out = { 0 };
    out_print(&out, "'");
    for (; *word != '\0'; word++)
        out_print(&out, *word == '\'' ? "'\\''" : *word == '$' ? "$$" : "%c", *word);
    out_print(&out, "'");
    return out_keep(&out);
}

const char *shell_words(const char *const *words, size_t count)
{
    struct strings quoted = { 0 };
    for (size_t i = 0; i < count; i++)
        strings_add(&quoted, shell_word(words[i]));
    return count == 0 ? "" : strings_join(&quoted, " ");
}
