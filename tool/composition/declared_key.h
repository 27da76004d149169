/*
 * The keys that a functor's source declares with KEY_INT and similar macros, and the values that they accept.
 */
#ifndef TOOL_DECLARED_KEY_H
#define TOOL_DECLARED_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strings.h"
#include "composition/tokens.h"

struct declared_key {
    const char *kind, *name, *value, *doc; /* value: the default, as C text */
    const char *file;
    int line;
    int64_t least, most;    /* bounds of an int; INT64_MIN and INT64_MAX mean that there is none */
    int64_t number;         /* the default of an int, when it is known */
    bool number_is_known;   /* false where only the compiler can compute the default */
    struct strings choices; /* the values of an enum */
    bool is_unreadable;     /* its bounds or choices do not have the form that functor.h asks for */
};

/* Read what follows the name of a __mirage_key__ marker. */
struct declared_key declared_key_read(struct tokens *t);

/* Check the declaration itself. On failure, prints an error at its line and returns false. */
bool declared_key_check(const struct declared_key *key);

/*
 * The values that the key accepts, such as "0 to 14" or "cubic or newreno", kept until the tool exits. It is
 * empty when the kind of the key alone says it.
 */
const char *declared_key_range(const struct declared_key *key);

/*
 * Why the key of the module `owner` does not accept this value, as a sentence without its full stop, kept
 * until the tool exits. NULL when it accepts the value. The value has the key's kind.
 */
const char *declared_key_refusal(const struct declared_key *key, const char *owner, const char *value);

#endif
