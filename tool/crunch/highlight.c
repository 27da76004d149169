/*
 * Highlights code. Each piece of text is in a <span> with a class that says what it is in the language, so
 * that a style sheet can colour it without a script.
 */
#include "crunch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const keywords[] = {
    "auto",     "break",    "case",     "char",    "const",    "continue", "default", "do",      "double",
    "else",     "enum",     "extern",   "float",   "for",      "goto",     "if",      "inline",  "int",
    "long",     "register", "return",   "short",   "signed",   "sizeof",   "static",  "struct",  "switch",
    "typedef",  "union",    "unsigned", "void",    "volatile", "while",    "bool",    "true",    "false",
    "NULL",     "err",      "size_t",   "ssize_t", "int8_t",   "int16_t",  "int32_t", "int64_t", "uint8_t",
    "uint16_t", "uint32_t", "uint64_t", "os_time",
};

static bool escape(struct bytes *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char *entity = text[i] == '&'   ? "&amp;"
                             : text[i] == '<' ? "&lt;"
                             : text[i] == '>' ? "&gt;"
                             : text[i] == '"' ? "&quot;"
                                              : NULL;
        if (!bytes_add(out, entity ? entity : text + i, entity ? strlen(entity) : 1))
            return false;
    }
    return true;
}

static bool span(struct bytes *out, const char *class, const char *text, size_t len)
{
    if (len == 0)
        return true;
    if (!class)
        return escape(out, text, len);
    return bytes_print(out, "<span class=\"%s\">", class) && escape(out, text, len) &&
           bytes_print(out, "</span>");
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static size_t word_len(const char *text)
{
    size_t len = 0;
    while (is_word(text[len]))
        len++;
    return len;
}

/* The class of a word: a keyword, or a type. A word in capitals is a macro or a signature. */
static const char *word_class(const char *word, size_t len)
{
    bool capitals = len > 1;

    if (isdigit((unsigned char)*word))
        return "number";
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strlen(keywords[i]) == len && memcmp(keywords[i], word, len) == 0)
            return "keyword";
    for (size_t i = 0; i < len; i++)
        capitals = capitals && !islower((unsigned char)word[i]);
    return capitals ? "macro" : NULL;
}

/* The length up to and including the closing quote, or up to the end of the line when there is none. */
static size_t string_len(const char *text, char quote)
{
    size_t len = 1;

    while (text[len] != '\0' && text[len] != '\n' && text[len] != quote)
        len += text[len] == '\\' && text[len + 1] != '\0' ? 2 : 1;
    return text[len] == quote ? len + 1 : len;
}

static size_t comment_len(const char *text)
{
    const char *end = text[1] == '/' ? strchr(text, '\n') : strstr(text + 2, "*/");

    if (!end)
        return strlen(text);
    return (size_t)(end - text) + (text[1] == '/' ? 0 : 2);
}

static size_t spaces_len(const char *text)
{
    return strspn(text, " \t");
}

/* The length of "#include <file>" or of another directive's name. The rest of the line is C again. */
static size_t directive_len(const char *text)
{
    size_t len = 1 + spaces_len(text + 1);
    return len + word_len(text + len);
}

static bool highlight_c(const char *code, struct bytes *out)
{
    bool line_begins = true, in_include = false, ok = true;

    while (ok && *code) {
        size_t len = 1;
        const char *class = NULL;
        if (*code == '\n') {
            line_begins = true;
            in_include = false;
            ok = span(out, NULL, code++, 1);
            continue;
        }
        if (spaces_len(code)) {
            len = spaces_len(code);
            ok = span(out, NULL, code, len);
            code += len;
            continue;
        }
        if (code[0] == '/' && (code[1] == '/' || code[1] == '*')) {
            class = "comment";
            len = comment_len(code);
        } else if (*code == '"' || *code == '\'') {
            class = "string";
            len = string_len(code, *code);
        } else if (*code == '<' && in_include) {
            class = "string";
            len = string_len(code, '>');
        } else if (*code == '#' && line_begins) {
            class = "keyword";
            len = directive_len(code);
            in_include = len >= 7 && memcmp(code + len - 7, "include", 7) == 0;
        } else if (is_word(*code)) {
            len = word_len(code);
            class = word_class(code, len);
        }
        line_begins = false;
        ok = span(out, class, code, len);
        code += len;
    }
    return ok;
}

/* Whether the command's output is a C file. */
static bool prints_c(const char *command, size_t len)
{
    return len > 6 && memcmp(command, "cat ", 4) == 0 && memcmp(command + len - 2, ".c", 2) == 0;
}

/* Highlight a command's output, up to the next prompt. */
static bool highlight_answer(const char *text, size_t len, bool is_c, struct bytes *out)
{
    char *copy;
    bool ok;

    if (!is_c)
        return span(out, "output", text, len);
    copy = strndup(text, len);
    ok = copy ? highlight_c(copy, out) : fail("no memory");
    free(copy);
    return ok;
}

/* Highlight commands after their prompts, and the output of each. */
static bool highlight_console(const char *code, struct bytes *out)
{
    bool is_c = false, ok = true;

    while (ok && *code) {
        size_t len = strcspn(code, "\n");
        if (strncmp(code, "$ ", 2) == 0) {
            is_c = prints_c(code + 2, len - 2);
            ok = span(out, "prompt", code, 2) && span(out, "input", code + 2, len - 2);
        } else {
            const char *next = strstr(code, "\n$ ");
            len = next ? (size_t)(next - code) : strlen(code);
            ok = highlight_answer(code, len, is_c, out);
        }
        code += len;
        if (ok && *code == '\n')
            ok = span(out, NULL, code++, 1);
    }
    return ok;
}

bool highlight(const char *language, const char *code, struct bytes *out)
{
    if (strcmp(language, "c") == 0)
        return highlight_c(code, out);
    if (strcmp(language, "console") == 0)
        return highlight_console(code, out);
    return escape(out, code, strlen(code));
}
