/* The tokens of preprocessed C, as far as the markers of functor.h need them. */
#ifndef TOOL_TOKENS_H
#define TOOL_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    const char *at; /* in the text; not ended by a NUL */
    size_t len;
};

struct tokens {
    const char *next;
    struct token token; /* the one looked at */
};

/* Begin at `text`, which ends with a NUL, with its first token. */
void tokens_begin(struct tokens *t, const char *text);
void tokens_next(struct tokens *t);
bool token_is(const struct token *token, const char *text);

/* Take the token when it is `text`. */
bool tokens_take(struct tokens *t, const char *text);

/*
 * The kept text of a name or number; of adjacent strings, joined and unescaped. NULL when it is another kind.
 */
char *tokens_take_name(struct tokens *t);
char *tokens_take_number(struct tokens *t);
char *tokens_take_string(struct tokens *t);

/*
 * Skip to the given punctuation at this depth of brackets, and not past a closing bracket of the enclosing
 * ones.
 */
void tokens_skip_to(struct tokens *t, const char *punctuation, const char *or_else);

/* Take a list's next string and the comma behind it; NULL: something else stands there, and is skipped. */
char *tokens_take_listed(struct tokens *t);

#endif
