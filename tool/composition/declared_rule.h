/* The conditions that a functor's source states for its keys with KEY_RULE. */
#ifndef TOOL_DECLARED_RULE_H
#define TOOL_DECLARED_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/declared_key.h"
#include "composition/tokens.h"

struct declared_rule {
    const char *doc, *file;
    int line;
    const char *condition; /* its text; keys are key_NAME */
    struct strings keys;   /* the names of those that it reads, each once */
};

/* Read what follows the name of a __mirage_rule__ marker. */
struct declared_rule declared_rule_read(struct tokens *t);

/* Tell, at its line, what is wrong with the rule itself; true when nothing is. */
bool declared_rule_check(const struct declared_rule *rule, const struct declared_key *keys, size_t key_count);

/*
 * Whether the rule holds, when its keys, in the order of rule->keys, have these values, which are C texts. A
 * value that is no plain number, such as the default of an enumerated constant, is the C compiler's to check.
 */
bool declared_rule_holds(const struct declared_rule *rule, const char *const *values);

/* Why the settings of `owner` break the rule, as a sentence without its full stop. */
const char *declared_rule_refusal(const struct declared_rule *rule, const char *owner,
                                  const char *const *values);

#endif
