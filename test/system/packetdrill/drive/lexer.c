#include "script.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void script_fail(const char *path, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "%s:%d: ", path, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _Exit(1);
}

void lexer_begin(struct lexer *l, const char *path, const char *text)
{
    *l = (struct lexer){ .path = path, .at = text, .line = 1 };
    lexer_next(l);
}

static void skip_to(struct lexer *l, const char *end)
{
    for (; l->at < end; l->at++)
        l->line += *l->at == '\n';
}

static void skip_space(struct lexer *l)
{
    for (;;) {
        if (isspace((unsigned char)*l->at)) {
            skip_to(l, l->at + 1);
        } else if (strncmp(l->at, "//", 2) == 0) {
            l->at += strcspn(l->at, "\n");
        } else if (strncmp(l->at, "/*", 2) == 0) {
            const char *end = strstr(l->at, "*/");
            if (end == NULL)
                script_fail(l->path, l->line, "a comment has no end");
            skip_to(l, end + 2);
        } else {
            return;
        }
    }
}

static char *bytes_of(const char *from, size_t len)
{
    char *text = strndup(from, len);
    if (text == NULL)
        abort();
    return text;
}

/* Take the text between a pair of marks as the token's text. */
static void take_between(struct lexer *l, enum token_kind kind, size_t mark, const char *end_mark)
{
    const char *from = l->at + mark, *end = strstr(from, end_mark);
    if (end == NULL)
        script_fail(l->path, l->line, "'%s' is missing", end_mark);
    l->token.kind = kind;
    l->token.text = bytes_of(from, (size_t)(end - from));
    skip_to(l, end + strlen(end_mark));
}

static void take_number(struct lexer *l)
{
    const char *p = l->at + (*l->at == '-');
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        char *end;
        l->token.kind = TOKEN_INTEGER;
        l->token.integer = strtoll(l->at, &end, 16);
        l->at = end;
        return;
    }
    p += strspn(p, "0123456789");
    if (*p == '.' && isdigit((unsigned char)p[1])) {
        char *end;
        l->token.kind = TOKEN_FLOAT;
        l->token.real = strtod(l->at, &end);
        l->at = end;
        return;
    }
    l->token.kind = TOKEN_INTEGER;
    l->token.integer = strtoll(l->at, NULL, 10);
    l->at = p;
}

static bool number_begins(const char *p)
{
    if (*p == '-')
        p++;
    return isdigit((unsigned char)*p) || (*p == '.' && isdigit((unsigned char)p[1]));
}

void lexer_next(struct lexer *l)
{
    skip_space(l);
    l->token = (struct token){ .line = l->line };
    const char *p = l->at;
    if (*p == '\0') {
        l->token.kind = TOKEN_END;
    } else if (strncmp(p, "%{", 2) == 0) {
        take_between(l, TOKEN_CODE, 2, "}%");
    } else if (strncmp(p, "...", 3) == 0) {
        l->token.kind = TOKEN_ELLIPSIS;
        l->at += 3;
    } else if (*p == '`') {
        take_between(l, TOKEN_COMMAND, 1, "`");
    } else if (*p == '"') {
        take_between(l, TOKEN_STRING, 1, "\"");
    } else if (p[0] == '-' && p[1] == '-' && isalpha((unsigned char)p[2])) {
        size_t n = 2 + strcspn(p + 2, "= \t\n");
        l->token.kind = TOKEN_OPTION;
        l->token.text = bytes_of(p, n);
        l->at += n;
    } else if (number_begins(p)) {
        take_number(l);
    } else if (isalpha((unsigned char)*p) || *p == '_') {
        size_t n = 1;
        while (isalnum((unsigned char)p[n]) || p[n] == '_')
            n++;
        l->token.kind = TOKEN_WORD;
        l->token.text = bytes_of(p, n);
        l->at += n;
    } else {
        l->token.kind = TOKEN_SIGN;
        l->token.sign = *p;
        l->at++;
    }
}

size_t lexer_take_hex(struct lexer *l, const char *word, uint8_t *out, size_t room)
{
    size_t n = 0;
    if (l->token.kind != TOKEN_WORD || strcmp(l->token.text, word) != 0)
        return SIZE_MAX;
    skip_space(l);
    for (unsigned byte; isxdigit((unsigned char)l->at[0]); l->at += 2, n++) {
        if (n == room || !isxdigit((unsigned char)l->at[1]))
            script_fail(l->path, l->line, "pairs of hexadecimal digits are expected here, up to %zu", room);
        sscanf(l->at, "%2x", &byte);
        out[n] = (uint8_t)byte;
    }
    lexer_next(l);
    return n;
}

bool lexer_take_sign(struct lexer *l, char sign)
{
    if (l->token.kind != TOKEN_SIGN || l->token.sign != sign)
        return false;
    lexer_next(l);
    return true;
}

bool lexer_take_word(struct lexer *l, const char *word)
{
    if (l->token.kind != TOKEN_WORD || strcmp(l->token.text, word) != 0)
        return false;
    lexer_next(l);
    return true;
}

void lexer_want_sign(struct lexer *l, char sign)
{
    if (!lexer_take_sign(l, sign))
        script_fail(l->path, l->token.line, "'%c' is expected here", sign);
}

int64_t lexer_want_integer(struct lexer *l)
{
    int64_t value = l->token.integer;
    if (l->token.kind != TOKEN_INTEGER)
        script_fail(l->path, l->token.line, "a number is expected here");
    lexer_next(l);
    return value;
}
