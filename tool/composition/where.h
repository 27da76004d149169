/* Finds the functors that call and define an operation, or raise and handle an event. */
#ifndef TOOL_WHERE_H
#define TOOL_WHERE_H

#include "composition/bind.h"

/*
 * Describe the callers and definitions of `symbol`. It is the name of an operation in a functor's source
 * ("eth_on_ipv4"), or in the program ("ethernet_on_ipv4"). The two differ where a parameter has another name
 * than its module. Lines are found by debug information: the functors are compiled into `cache`, each by
 * itself. The text is kept until the tool exits. When `symbol` names no operation, or several, prints an
 * error and returns NULL.
 */
char *where_text(const struct compiler *compiler, const char *cache, const struct program *program,
                 const char *symbol);

#endif
