#include "composition/tokens.h"

#include <ctype.h>
#include <string.h>

#include "base/keep.h"
#include "base/out.h"

static const char *after_quoted(const char *at)
{
    char quote = *at++;
    while (*at != '\0' && *at != quote) {
        if (*at == '\\' && at[1] != '\0')
            at++;
        at++;
    }
    return *at == '\0' ? at : at + 1;
}

static const char *after_space(const char *at, const char *text)
{
    for (;;) {
        while (isspace((unsigned char)*at))
            at++;
        /* the preprocessor's line markers, and pragmas */
        if (*at != '#' || (at != text && at[-1] != '\n'))
            return at;
        at += strcspn(at, "\n");
    }
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

void tokens_next(struct tokens *t)
{
    const char *at = after_space(t->next, t->next);
    struct token *token = &t->token;
    token->at = at;
    if (*at == '\0') {
        token->kind = TOKEN_END;
    } else if (isdigit((unsigned char)*at)) {
        token->kind = TOKEN_NUMBER;
        while (is_name(*at) || *at == '.')
            at++;
    } else if (is_name(*at)) {
        token->kind = TOKEN_NAME;
        while (is_name(*at))
            at++;
    } else if (*at == '"') {
        token->kind = TOKEN_STRING;
        at = after_quoted(at);
    } else {
        token->kind = TOKEN_OTHER;
        at = *at == '\'' ? after_quoted(at) : at + 1;
    }
    token->len = (size_t)(at - token->at);
    t->next = at;
}

void tokens_begin(struct tokens *t, const char *text)
{
    t->next = text;
    tokens_next(t);
}

bool token_is(const struct token *token, const char *text)
{
    return token->len == strlen(text) && memcmp(token->at, text, token->len) == 0;
}

bool tokens_take(struct tokens *t, const char *text)
{
    if (!token_is(&t->token, text))
        return false;
    tokens_next(t);
    return true;
}

static char *take_kind(struct tokens *t, enum token_kind kind)
{
    if (t->token.kind != kind)
        return NULL;
    char *s = keep_bytes(t->token.at, t->token.len);
    tokens_next(t);
    return s;
}

char *tokens_take_name(struct tokens *t)
{
    return take_kind(t, TOKEN_NAME);
}

char *tokens_take_number(struct tokens *t)
{
    return take_kind(t, TOKEN_NUMBER);
}

static char unescaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;
    }
}

char *tokens_take_string(struct tokens *t)
{
    if (t->token.kind != TOKEN_STRING)
        return NULL;
    struct out joined = { 0 };
    for (; t->token.kind == TOKEN_STRING; tokens_next(t))
        for (size_t i = 1; i + 1 < t->token.len; i++) {
            char c = t->token.at[i];
            if (c == '\\')
                c = unescaped(t->token.at[++i]);
            out_bytes(&joined, &c, 1);
        }
    return out_keep(&joined);
}

void tokens_skip_to(struct tokens *t, const char *punctuation, const char *or_else)
{
    int depth = 0;
    for (; t->token.kind != TOKEN_END; tokens_next(t)) {
        if (depth == 0 && (token_is(&t->token, punctuation) || token_is(&t->token, or_else)))
            return;
        if (t->token.kind != TOKEN_OTHER)
            continue;
        char c = *t->token.at;
        if (c == '(' || c == '{' || c == '[')
            depth++;
        if (c == ')' || c == '}' || c == ']')
            depth--;
    }
}

char *tokens_take_listed(struct tokens *t)
{
    char *s = tokens_take_string(t);
    if (s == NULL)
        tokens_skip_to(t, ",", ")");
    tokens_take(t, ",");
    return s;
}
