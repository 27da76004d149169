#include "script.h"

#include <stdlib.h>
#include <string.h>

static void *make(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL)
        abort();
    return memory;
}

static struct expr *parse_expr(struct lexer *l);

/* Read "a, b, c" and the closing sign. */
static struct expr *parse_list(struct lexer *l, char closing)
{
    struct expr *first = NULL, **last = &first;
    if (lexer_take_sign(l, closing))
        return NULL;
    do {
        *last = parse_expr(l);
        last = &(*last)->next;
    } while (lexer_take_sign(l, ','));
    lexer_want_sign(l, closing);
    return first;
}

static struct expr *parse_word(struct lexer *l)
{
    struct expr *e = make(sizeof *e);
    char *word = l->token.text;
    int line = l->token.line;
    lexer_next(l);
    if (lexer_take_sign(l, '=')) {
        free(e);
        e = parse_expr(l);
        e->name = word;
        return e;
    }
    if (lexer_take_sign(l, '(')) {
        /* Accept htons(80) and inet_addr("…") as any value, because the driver chooses addresses itself. */
        e->kind = EXPR_ANY;
        parse_list(l, ')');
        return e;
    }
    if (!symbol_value(word, &e->number))
        script_fail(l->path, line, "'%s' is not known", word);
    e->kind = EXPR_NUMBER;
    return e;
}

static struct expr *parse_one(struct lexer *l)
{
    struct expr *e;
    if (l->token.kind == TOKEN_WORD)
        return parse_word(l);
    e = make(sizeof *e);
    switch (l->token.kind) {
    case TOKEN_INTEGER:
        e->number = l->token.integer;
        lexer_next(l);
        return e;
    case TOKEN_STRING:
        e->kind = EXPR_STRING;
        e->text = l->token.text;
        lexer_next(l);
        return e;
    case TOKEN_ELLIPSIS:
        e->kind = EXPR_ANY;
        lexer_next(l);
        return e;
    default: break;
    }
    if (lexer_take_sign(l, '[')) {
        e->kind = EXPR_LIST;
        e->items = parse_list(l, ']');
    } else if (lexer_take_sign(l, '{')) {
        e->kind = EXPR_FIELDS;
        e->items = parse_list(l, '}');
    } else {
        script_fail(l->path, l->token.line, "a value is expected here");
    }
    return e;
}

static struct expr *parse_expr(struct lexer *l)
{
    struct expr *e = parse_one(l);
    while (lexer_take_sign(l, '|')) {
        struct expr *other = parse_one(l);
        if (e->kind != EXPR_NUMBER || other->kind != EXPR_NUMBER)
            script_fail(l->path, l->token.line, "'|' joins numbers only");
        e->number |= other->number;
    }
    return e;
}

static int64_t parse_time(struct lexer *l)
{
    double seconds = l->token.kind == TOKEN_FLOAT ? l->token.real : (double)l->token.integer;
    if ((l->token.kind != TOKEN_FLOAT && l->token.kind != TOKEN_INTEGER) || seconds < 0)
        script_fail(l->path, l->token.line, "a time is expected here");
    lexer_next(l);
    return (int64_t)(seconds * 1e6 + 0.5);
}

/* name(arguments) = result [ERRNO] [(note)] */
static void parse_call(struct lexer *l, struct call_spec *call)
{
    call->name = l->token.text;
    lexer_next(l);
    lexer_want_sign(l, '(');
    call->arguments = parse_list(l, ')');
    lexer_want_sign(l, '=');
    call->result = parse_expr(l);
    if (l->token.kind == TOKEN_WORD) {
        call->error = l->token.text;
        lexer_next(l);
    }
    if (lexer_take_sign(l, '('))
        while (!lexer_take_sign(l, ')')) {
            if (l->token.kind == TOKEN_END)
                script_fail(l->path, l->token.line, "')' is missing");
            lexer_next(l);
        }
}

static void parse_event_time(struct lexer *l, struct event *e)
{
    e->call.end = -1;
    if (lexer_take_sign(l, '*')) {
        e->time = TIME_ANY;
        return;
    }
    e->time = lexer_take_sign(l, '+') ? TIME_RELATIVE : TIME_ABSOLUTE;
    e->at = e->until = parse_time(l);
    if (lexer_take_sign(l, '~')) {
        if (e->time == TIME_RELATIVE)
            lexer_want_sign(l, '+');
        e->until = parse_time(l);
    } else if (l->token.kind == TOKEN_ELLIPSIS) {
        lexer_next(l);
        lexer_take_sign(l, '+');
        e->call.end = parse_time(l);
    }
    if (e->until < e->at || (e->call.end >= 0 && e->call.end < e->at))
        script_fail(l->path, l->token.line, "this span of time ends before it begins");
}

static struct event *parse_event(struct lexer *l)
{
    struct event *e = make(sizeof *e);
    e->line = l->token.line;
    parse_event_time(l, e);
    if (lexer_take_sign(l, '<')) {
        e->kind = EVENT_IN;
        parse_packet(l, false, &e->packet);
    } else if (lexer_take_sign(l, '>')) {
        e->kind = EVENT_OUT;
        parse_packet(l, true, &e->packet);
    } else if (l->token.kind == TOKEN_WORD) {
        e->kind = EVENT_CALL;
        parse_call(l, &e->call);
    } else if (l->token.kind == TOKEN_COMMAND || l->token.kind == TOKEN_CODE) {
        e->kind = l->token.kind == TOKEN_CODE ? EVENT_CODE : EVENT_COMMAND;
        e->text = l->token.text;
        lexer_next(l);
    } else {
        script_fail(l->path, l->token.line, "a packet, a call, a `command` or %%{ code }%% is expected here");
    }
    return e;
}

static void parse_options(struct lexer *l, struct script *script)
{
    struct option **last = &script->options;
    while (l->token.kind == TOKEN_OPTION) {
        struct option *o = make(sizeof *o);
        o->name = l->token.text;
        if (*l->at == '=') {
            /* A value need not be a word for the lexer. It extends to the next space. */
            const char *from = l->at + 1;
            size_t n = strcspn(from, " \t\n");
            bool quoted = n > 1 && from[0] == '"' && from[n - 1] == '"';
            o->value = strndup(from + quoted, n - 2 * quoted);
            l->at = from + n;
        }
        *last = o;
        last = &o->next;
        lexer_next(l);
    }
}

void script_parse(struct script *script, const char *path, const char *text)
{
    struct lexer l;
    struct event **last = &script->events;
    *script = (struct script){ .path = path };
    lexer_begin(&l, path, text);
    parse_options(&l, script);
    if (l.token.kind == TOKEN_COMMAND) {
        script->init_command = l.token.text;
        lexer_next(&l);
    }
    while (l.token.kind != TOKEN_END) {
        *last = parse_event(&l);
        last = &(*last)->next;
    }
    if (script->events == NULL)
        script_fail(path, l.line, "the script has no events");
}

const char *script_option(const struct script *script, const char *name)
{
    const char *value = NULL;
    for (const struct option *o = script->options; o != NULL; o = o->next)
        if (strcmp(o->name, name) == 0)
            value = o->value == NULL ? "" : o->value;
    return value;
}
