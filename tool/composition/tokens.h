/* The tokens of preprocessed C, as far as the markers of functor.h need them. */
#ifndef TOOL_TOKENS_H
#define TOOL_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_OTHER };

struct token {
    enum token_kind kind;
    const char *at; /* a place in the text; no NUL ends the token */
    size_t len;
};

struct tokens {
    const char *next;
    struct token token; /* the current token */
};

/* Begin at the first token of `text`, which a NUL ends. */
void tokens_begin(struct tokens *t, const char *text);
void tokens_next(struct tokens *t);
bool token_is(const struct token *token, const char *text);

/* Go past the current token when it is `text`. Returns whether it was. */
bool tokens_take(struct tokens *t, const char *text);

/*
 * Take a name or number, or for the second function adjacent strings, joined and unescaped. The text is kept
 * until the tool exits. NULL when the current token is of another kind.
 */
char *tokens_take_name(struct tokens *t);
char *tokens_take_number(struct tokens *t);
char *tokens_take_string(struct tokens *t);

/*
 * Skip to the given punctuation at this depth of brackets, but not past a closing bracket of an enclosing
 * pair.
 */
void tokens_skip_to(struct tokens *t, const char *punctuation, const char *or_else);

/*
 * Take the next string of a list and the comma after it. NULL when something else follows, which is then
 * skipped.
 */
char *tokens_take_listed(struct tokens *t);

#endif
