#include "composition/arithmetic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct tokens *t;
    arithmetic_name *value_of;
    const void *ctx;
};

/* What begins with another operator stands before it. The higher rank binds tighter. */
static const struct infix {
    const char *text;
    int rank;
} operators[] = {
    { "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<<", 8 }, { ">>", 8 },
    { "<=", 7 }, { ">=", 7 }, { "|", 3 },  { "^", 4 },  { "&", 5 },  { "<", 7 },
    { ">", 7 },  { "+", 9 },  { "-", 9 },  { "*", 10 }, { "/", 10 }, { "%", 10 },
};

/* The operator that comes next, or NULL. A token is one character of it. */
static const struct infix *next_operator(const struct reader *r)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (r->t->token.kind == TOKEN_OTHER &&
            strncmp(r->t->token.at, operators[i].text, strlen(operators[i].text)) == 0)
            return &operators[i];
    return NULL;
}

static bool read_ranked(struct reader *r, int least, int64_t *out);

static bool read_number(struct reader *r, int64_t *out)
{
    char *end, *number = tokens_take_number(r->t);
    if (number == NULL)
        return false;
    errno = 0;
    *out = strtoll(number, &end, 0);
    return errno == 0 && end[strspn(end, "uUlL")] == '\0';
}

static bool read_factor(struct reader *r, int64_t *out)
{
    if (tokens_take(r->t, "-"))
        return read_factor(r, out) && !__builtin_sub_overflow((int64_t)0, *out, out);
    if (tokens_take(r->t, "!")) {
        bool ok = read_factor(r, out);
        *out = !*out;
        return ok;
    }
    if (tokens_take(r->t, "("))
        return read_ranked(r, 1, out) && tokens_take(r->t, ")");
    if (r->t->token.kind != TOKEN_NAME)
        return read_number(r, out);
    const char *name = tokens_take_name(r->t);
    return r->value_of != NULL && r->value_of(r->ctx, name, out);
}

static bool shift(int64_t a, int64_t b, bool left, int64_t *out)
{
    if (b < 0 || b > 62)
        return false;
    *out = a >> b;
    return !left || !__builtin_mul_overflow(a, INT64_C(1) << b, out);
}

static bool compute(const char *op, int64_t a, int64_t b, int64_t *out)
{
    switch (op[0]) {
    case '+': return !__builtin_add_overflow(a, b, out);
    case '-': return !__builtin_sub_overflow(a, b, out);
    case '*': return !__builtin_mul_overflow(a, b, out);
    case '^': *out = a ^ b; return true;
    case '=': *out = a == b; return true;
    case '!': *out = a != b; return true;
    case '|': *out = op[1] == '|' ? a || b : (a | b); return true;
    case '&': *out = op[1] == '&' ? a && b : (a & b); return true;
    case '<': *out = op[1] == '=' ? a <= b : a < b; return op[1] != '<' || shift(a, b, true, out);
    case '>': *out = op[1] == '=' ? a >= b : a > b; return op[1] != '>' || shift(a, b, false, out);
    default: /* of / and % */
        if (b == 0 || (a == INT64_MIN && b == -1))
            return false;
        *out = op[0] == '/' ? a / b : a % b;
        return true;
    }
}

/* Operators of this rank and above. */
static bool read_ranked(struct reader *r, int least, int64_t *out)
{
    int64_t right;
    if (!read_factor(r, out))
        return false;
    for (;;) {
        const struct infix *op = next_operator(r);
        if (op == NULL || op->rank < least)
            return true;
        for (const char *c = op->text; *c != '\0'; c++)
            tokens_next(r->t);
        if (!read_ranked(r, op->rank + 1, &right) || !compute(op->text, *out, right, out))
            return false;
    }
}

bool arithmetic_read(struct tokens *t, arithmetic_name *value_of, const void *ctx, int64_t *out)
{
    struct reader reader = { t, value_of, ctx };
    return read_ranked(&reader, 1, out);
}
