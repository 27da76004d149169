#include "composition/declared_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/report.h"
#include "composition/arithmetic.h"

#define KEY_PREFIX "key_"

struct declared_rule declared_rule_read(struct tokens *t)
{
    struct declared_rule rule = { 0 };
    tokens_take(t, "(");
    rule.doc = tokens_take_listed(t);
    rule.file = tokens_take_listed(t);
    char *number = tokens_take_number(t);
    rule.line = number == NULL ? 0 : atoi(number);
    tokens_take(t, ",");
    const char *begin = t->token.at;
    struct tokens inside = *t;
    tokens_skip_to(t, ")", ")");
    rule.condition = keep_bytes(begin, (size_t)(t->token.at - begin));
    for (; inside.token.kind != TOKEN_END && inside.token.at < t->token.at; tokens_next(&inside)) {
        if (inside.token.kind != TOKEN_NAME ||
            strncmp(inside.token.at, KEY_PREFIX, sizeof KEY_PREFIX - 1) != 0)
            continue;
        const char *name =
            keep_bytes(inside.token.at + sizeof KEY_PREFIX - 1, inside.token.len - (sizeof KEY_PREFIX - 1));
        if (!strings_has(&rule.keys, name))
            strings_add(&rule.keys, name);
    }
    tokens_take(t, ")");
    return rule;
}

/* A number, or true or false, as C text; false when the text is another. */
static bool number_of(const char *value, int64_t *out)
{
    struct tokens t;
    *out = strcmp(value, "true") == 0;
    if (*out || strcmp(value, "false") == 0)
        return true;
    tokens_begin(&t, value);
    return arithmetic_read(&t, NULL, NULL, out) && t.token.kind == TOKEN_END;
}

struct values {
    const struct declared_rule *rule;
    const int64_t *numbers;
};

static bool value_of(const void *ctx, const char *name, int64_t *out)
{
    const struct values *values = ctx;
    if (strncmp(name, KEY_PREFIX, sizeof KEY_PREFIX - 1) != 0)
        return false;
    for (size_t i = 0; i < values->rule->keys.count; i++) {
        if (strcmp(values->rule->keys.items[i], name + sizeof KEY_PREFIX - 1) == 0) {
            *out = values->numbers[i];
            return true;
        }
    }
    return false;
}

/* Compute the condition; false when it cannot be. */
static bool evaluate(const struct declared_rule *rule, const int64_t *numbers, int64_t *out)
{
    struct values values = { rule, numbers };
    struct tokens t;
    tokens_begin(&t, rule->condition);
    return arithmetic_read(&t, value_of, &values, out) && t.token.kind == TOKEN_END;
}

static const struct declared_key *find(const struct declared_key *keys, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

bool declared_rule_check(const struct declared_rule *rule, const struct declared_key *keys, size_t key_count)
{
    int64_t *numbers = keep((rule->keys.count + 1) * sizeof *numbers), result = 1;
    bool known = rule->keys.count > 0;
    for (size_t i = 0; i < rule->keys.count; i++) {
        const struct declared_key *key = find(keys, key_count, rule->keys.items[i]);
        if (key == NULL || (strcmp(key->kind, "int") != 0 && strcmp(key->kind, "bool") != 0)) {
            error_at(
                rule->file, rule->line,
                "the rule names '%s', which is no KEY_INT and no KEY_BOOL of this module; declare it, or "
                "leave it out",
                rule->keys.items[i]);
            return false;
        }
        known = known && number_of(key->value, &numbers[i]);
    }
    if (rule->keys.count == 0 || (known && !evaluate(rule, numbers, &result))) {
        error_at(
            rule->file, rule->line,
            "a rule is a condition of whole numbers that the preprocessor knows and of the module's keys; "
            "write KEY_RULE(KEY_CONSTANT(size) %% 512 == 0, \"what it asks for\")");
        return false;
    }
    if (!result)
        error_at(rule->file, rule->line, "the defaults of the keys break their rule: %s", rule->doc);
    return result != 0;
}

bool declared_rule_holds(const struct declared_rule *rule, const char *const *values)
{
    int64_t *numbers = keep((rule->keys.count + 1) * sizeof *numbers), result;
    for (size_t i = 0; i < rule->keys.count; i++)
        if (!number_of(values[i], &numbers[i]))
            return true;
    return evaluate(rule, numbers, &result) && result != 0;
}

const char *declared_rule_refusal(const struct declared_rule *rule, const char *owner,
                                  const char *const *values)
{
    const char *said = text("%s of '%s' is %s", rule->keys.items[0], owner, values[0]);
    for (size_t i = 1; i < rule->keys.count; i++)
        said = text("%s, and %s is %s", said, rule->keys.items[i], values[i]);
    return text("%s; %s", said, rule->doc);
}
