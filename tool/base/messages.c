/*
 * Both compilers print text in the GNU form, FILE:LINE:COLUMN: KIND: TEXT, and everything else is switched
 * off. GCC's JSON would say less: it gives only the place of the outermost macro, while the notes "in
 * expansion of macro" of the text lead to the argument that is wrong. GCC prints these notes only when the
 * tool's headers are not system headers, so GCC is given them with -I.
 */
#include "base/messages.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"

void messages_flags(bool is_clang, struct strings *argv)
{
    if (is_clang) {
        strings_add(argv, "-fno-caret-diagnostics");
        strings_add(argv, "-fno-color-diagnostics");
        strings_add(argv, "-ferror-limit=0");
    } else {
        strings_add(argv, "-fdiagnostics-plain-output");
    }
}

void strict_flags(struct strings *argv)
{
    static const char *const errors[] = { "-Werror=incompatible-pointer-types", "-Werror=int-conversion",
                                          "-Werror=implicit-function-declaration", "-Werror=implicit-int" };
    strings_add_all(argv, errors, sizeof errors / sizeof *errors);
}

enum kind { KIND_NONE, KIND_ERROR, KIND_WARNING, KIND_NOTE };

struct line {
    enum kind kind;
    const char *file, *text;
    int line, column;
};

static enum kind kind_at(const char *at, const char **behind)
{
    static const struct {
        const char *word;
        enum kind kind;
    } kinds[] = {
        { "error: ", KIND_ERROR },
        { "fatal error: ", KIND_ERROR },
        { "warning: ", KIND_WARNING },
        { "note: ", KIND_NOTE },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i].word);
        if (strncmp(at, kinds[i].word, len) == 0) {
            *behind = at + len;
            return kinds[i].kind;
        }
    }
    return KIND_NONE;
}

/*
 * Read FILE:LINE:COLUMN: KIND: TEXT, where the column may be missing. The result points into the line, which
 * is changed.
 */
static struct line line_read(char *s)
{
    struct line line = { 0 };
    for (char *colon = strchr(s, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
        char *end;
        if (!isdigit((unsigned char)colon[1]))
            continue;
        line.line = (int)strtol(colon + 1, &end, 10);
        if (*end == ':' && isdigit((unsigned char)end[1]))
            line.column = (int)strtol(end + 1, &end, 10);
        if (*end != ':' || end[1] != ' ')
            continue;
        line.kind = kind_at(end + 2, &line.text);
        if (line.kind == KIND_NONE)
            continue;
        *colon = '\0';
        line.file = s;
        return line;
    }
    return (struct line){ 0 };
}

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* Write "struct mirage_CONSOLE *" as CONSOLE, which is the user's name for it. */
static char *types_renamed(const char *s)
{
    static const char tag[] = "struct mirage_";
    struct out out = { 0 };
    while (*s != '\0') {
        size_t len = 0;
        if (begins(s, tag))
            for (len = sizeof tag - 1; isalnum((unsigned char)s[len]) || s[len] == '_'; len++)
                ;
        if (len == 0 || s[len] != ' ' || s[len + 1] != '*') {
            out_bytes(&out, s++, 1);
            continue;
        }
        out_bytes(&out, s + sizeof tag - 1, len - (sizeof tag - 1));
        s += len + 2;
        if (*s == '(')
            out_bytes(&out, " ", 1);
    }
    return out_keep(&out);
}

/*
 * Write 'T' {aka 'U'} and 'T' (aka 'U') as 'T'. When T is 'typeof …', write 'U', because that is the type
 * that the user knows.
 */
static char *aliases_dropped(const char *s)
{
    struct out out = { 0 };
    size_t quote = 0; /* where the last quoted type began in `out` */
    bool inside = false;
    while (*s != '\0') {
        if (begins(s, " {aka '") || begins(s, " (aka '")) {
            const char *alias = s + strlen(" {aka '"), *end = strchr(alias, '\'');
            if (end != NULL && (end[1] == '}' || end[1] == ')')) {
                if (out.len > quote && begins(out.data + quote, "'typeof")) {
                    out.len = quote;
                    out_print(&out, "'%.*s'", (int)(end - alias), alias);
                }
                s = end + 2;
                continue;
            }
        }
        if (*s == '\'') {
            inside = !inside;
            if (inside)
                quote = out.len;
        }
        out_bytes(&out, s++, 1);
    }
    return out_keep(&out);
}

/* Remove " [-Wsomething]", the compiler's option. It says nothing about the composition. */
static char *option_dropped(const char *s)
{
    char *copy = keep_string(s), *option = strstr(copy, " [-W");
    if (option != NULL && copy[strlen(copy) - 1] == ']')
        *option = '\0';
    return copy;
}

/*
 * GCC may show the expansion of an expression. Write "(mirage_at((const char *)"config.c", 5),
 * default_console())" as default_console(), the macro that the user wrote.
 */
static char *places_dropped(const char *s)
{
    static const char mark[] = "(mirage_at(", cast[] = "(const char *)";
    struct out out = { 0 };
    int depth = 0, open[64] = { 0 };
    size_t marks = 0;
    while (*s != '\0') {
        const char *behind = begins(s, mark) ? strstr(s, "), ") : NULL;
        if (behind != NULL && marks < 64) {
            open[marks++] = ++depth;
            s = behind + strlen("), ");
        } else if (begins(s, cast)) {
            s += sizeof cast - 1;
        } else {
            depth += *s == '(';
            bool closes_mark = *s == ')' && marks > 0 && open[marks - 1] == depth;
            depth -= *s == ')';
            if (closes_mark)
                marks--;
            else
                out_bytes(&out, s, 1);
            s++;
        }
    }
    return out_keep(&out);
}

static char *text_read(const char *s)
{
    return places_dropped(types_renamed(aliases_dropped(option_dropped(s))));
}

/*
 * The compiler names the keyword that the macro begins with. Name the macro, which is what the user's file
 * contains.
 */
static const char *macro_named(const char *s, const char *note)
{
    static const char keyword[] = "'__extension__'";
    const char *at = strstr(s, keyword), *name = strchr(note, '\'');
    return at == NULL || name == NULL ? s : text("%.*s%s%s", (int)(at - s), s, name, at + sizeof keyword - 1);
}

/* Whether this is an error after which the compiler misreads everything that follows. */
static bool is_misread(const struct message *m)
{
    static const char *const beginnings[] = { "expected ", "unterminated ", "missing terminating ",
                                              "stray ",    "extraneous ",   "unknown type name " };
    for (size_t i = 0; m->is_error && i < sizeof beginnings / sizeof *beginnings; i++)
        if (begins(m->text, beginnings[i]))
            return true;
    return false;
}

static bool is_below_own(const char *file, const char *const *own)
{
    for (; *own != NULL; own++) {
        size_t len = strlen(*own);
        if (strncmp(file, *own, len) == 0 && file[len] == '/')
            return true;
    }
    return false;
}

/* Keep one message for each line of a file: the first error, or else the first warning. */
static void add(struct messages *out, struct message m)
{
    for (size_t i = 0; i < out->count; i++) {
        struct message *old = &out->items[i];
        if (old->line != m.line || strcmp(old->file, m.file) != 0)
            continue;
        if (m.is_error && !old->is_error) {
            *old = m;
            out->errors++;
        }
        return;
    }
    struct message *grown = keep((out->count + 1) * sizeof *grown);
    if (out->count > 0)
        memcpy(grown, out->items, out->count * sizeof *grown);
    out->items = grown;
    out->items[out->count++] = m;
    out->errors += m.is_error;
}

/*
 * Remove what follows an error that makes the compiler misread the file. GCC reports a macro's missing ')' at
 * the end of the file first, and then at the macro, so the error moves to the macro.
 */
static void drop_consequences(struct messages *out)
{
    for (size_t i = 0; i < out->count; i++) {
        struct message *m = &out->items[i];
        if (!is_misread(m))
            continue;
        for (size_t k = i + 1; begins(m->text, "unterminated argument list") && k < out->count; k++)
            if (out->items[k].is_error && strcmp(out->items[k].file, m->file) == 0 &&
                out->items[k].line < m->line) {
                m->line = out->items[k].line;
                m->column = out->items[k].column;
            }
        out->count = i + 1;
        out->errors = 0;
        for (size_t k = 0; k < out->count; k++)
            out->errors += out->items[k].is_error;
    }
}

/*
 * Take a note to the message before it. While `locating`, the notes lead from the tool's header to where the
 * user's file uses the macro.
 */
static void add_note(struct message *m, const struct line *note, const char *const *own, bool *locating)
{
    bool expansion = begins(note->text, "in expansion of macro");
    if (*locating && expansion && !is_below_own(note->file, own)) {
        m->file = note->file;
        m->line = note->line;
        m->column = note->column;
        m->text = macro_named(m->text, note->text);
    }
    if (!expansion && !begins(note->text, "in definition of macro"))
        *locating = false;
    if (begins(note->text, "expected '") && strstr(note->text, "but argument is of type") != NULL)
        m->text = text("%s: %s", m->text, text_read(note->text));
}

void messages_read(const char *printed, const char *const *own, struct messages *out)
{
    struct message m = { 0 };
    bool locating = false;
    char *copy = keep_string(printed), *rest;

    *out = (struct messages){ 0 };
    for (char *s = strtok_r(copy, "\n", &rest); s != NULL; s = strtok_r(NULL, "\n", &rest)) {
        struct line line = line_read(s);
        if (line.kind == KIND_ERROR || line.kind == KIND_WARNING) {
            if (m.file != NULL)
                add(out, m);
            m = (struct message){ line.file, line.line, line.column, line.kind == KIND_ERROR,
                                  text_read(line.text) };
            locating = is_below_own(m.file, own);
        } else if (line.kind == KIND_NOTE && m.file != NULL) {
            add_note(&m, &line, own, &locating);
        }
    }
    if (m.file != NULL)
        add(out, m);
    drop_consequences(out);
}

void messages_show(const struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        const struct message *m = &messages->items[i];
        if (messages->errors > 0 && !m->is_error)
            continue;
        const char *file =
            m->column > 0 ? text("%s:%d:%d", path_shown(m->file), m->line, m->column) : m->file;
        int line = m->column > 0 ? 0 : m->line;
        if (m->is_error)
            error_at(file, line, "%s", m->text);
        else
            warning_at(file, line, "%s", m->text);
    }
}
