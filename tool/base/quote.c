/* Quoting for ninja and sh. */
#include <jansson.h>
#include <string.h>

#include "base/keep.h"
#include "base/out.h"
#include "base/quote.h"
#include "base/strings.h"

static bool is_utf8(const char *s)
{
    json_t *string = json_string(s);
    bool ok = string != NULL;
    json_decref(string);
    return ok;
}

const char *unquotable(const char *path)
{
    const char *found = strpbrk(path, "\"\\\n|");
    if (found == NULL && is_utf8(path))
        return NULL;
    return text("there %s in the path of %s, which %s",
                found == NULL    ? "are bytes that are no UTF-8"
                : *found == '"'  ? "is a quotation mark"
                : *found == '\\' ? "is a backslash"
                : *found == '|'  ? "is a vertical bar"
                                 : "is the end of a line",
                path,
                found == NULL   ? "JSON cannot hold"
                : *found == '|' ? "ninja cannot name"
                                : "C cannot include");
}

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
