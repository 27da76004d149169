/* The keys that a functor's source declares with KEY_INT and friends, and the values that they take. */
#ifndef TOOL_DECLARED_KEY_H
#define TOOL_DECLARED_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strings.h"
#include "composition/tokens.h"

struct declared_key {
    const char *kind, *name, *value, *doc; /* value: C text of the default */
    const char *file;
    int line;
    int64_t least, most;    /* of an int; INT64_MIN and INT64_MAX are no bounds */
    struct strings choices; /* of an enum */
    bool is_unreadable;     /* its bounds or choices are not what functor.h asks for */
};

/* Read what follows the name of a __mirage_key__ marker. */
struct declared_key declared_key_read(struct tokens *t);

/* Tell, at its line, what is wrong with a key itself; true when nothing is. */
bool declared_key_check(const struct declared_key *key);

/* What values it takes, "0 to 14" or "cubic or newreno", as kept text; empty when its kind alone says it. */
const char *declared_key_range(const struct declared_key *key);

/*
 * Why the key of the module `owner` does not take this value, which is of the key's kind, as a sentence
 * without its full stop; NULL when it takes it.
 */
const char *declared_key_refusal(const struct declared_key *key, const char *owner, const char *value);

#endif
