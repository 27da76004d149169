/* Who calls an operation, or raises an event, of a composition, and who defines it. */
#ifndef TOOL_WHERE_H
#define TOOL_WHERE_H

#include "composition/bind.h"

/*
 * Tell it of `symbol`: an operation as one of the functors writes it ("eth_on_ipv4"), or as the program does
 * ("ethernet_on_ipv4"), which differ where a parameter has another name than the module that is given for it.
 * The lines come from the debug information of the functors, compiled each by itself into `cache`. NULL, and
 * told, when it is none or several.
 */
char *where_text(const struct compiler *compiler, const char *cache, const struct program *program,
                 const char *symbol);

#endif
