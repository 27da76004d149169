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
    static const struct {
        char c;
        const char *what, *who;
    } wrong[] = {
        { '"', "is a quotation mark", "C cannot include" },
        { '\\', "is a backslash", "C cannot include" },
        { '\n', "is the end of a line", "C cannot include" },
        { '|', "is a vertical bar", "ninja cannot name" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (strchr(path, wrong[i].c) != NULL)
            return text("there %s in the path of %s, which %s", wrong[i].what, path, wrong[i].who);
    if (is_utf8(path))
        return NULL;
    return text("there are bytes that are no UTF-8 in the path of %s, which JSON cannot hold", path);
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
