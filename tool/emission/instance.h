/* An instance: a functor's file compiled once more, with the names of its modules and its keys' values. */
#ifndef TOOL_INSTANCE_H
#define TOOL_INSTANCE_H

#include <stdbool.h>

#include "composition/bind.h"

/* The text of the instance's C file. It is kept until the tool exits. */
char *instance_source(const struct graph *graph, const struct instance *instance);

/* The instance's name in messages: the name that the configuration gave it, or its symbols' prefix. */
const char *instance_shown(const struct instance *instance);

/*
 * Why the functor's settings break a rule of its source, as a sentence about the module `owner`. *at becomes
 * one of the rule's settings, and stays as it was when there is none. NULL when they break no rule.
 */
const char *rules_refusal(const struct description *d, const struct functor *f, const char *owner,
                          const struct setting **at);

/*
 * The argument for a key of the functor that the program of a GENERATED line gets: an option, or the path of
 * a folder, absolute or relative to that of config.c. NULL when it gets none.
 */
const char *generated_argument(const struct graph *graph, const struct functor *functor,
                               const struct declared_key *key);

/*
 * Check that every setting of the configuration names a key that its functor declares, and that every runtime
 * argument is one that some functor reads. On failure, prints errors and returns false.
 */
bool check_settings(const struct program *program);

#endif
