/* What a compiler says of the user's file, told shortly and never of generated code. */
#ifndef TOOL_DIAGNOSE_H
#define TOOL_DIAGNOSE_H

#include "describe.h"
#include "run.h"

/* Flags that make the compiler's messages readable for diagnose. */
void diagnose_flags(const struct compiler *compiler, struct strings *argv);

/* Show what the command, a compilation, complained of. */
void diagnose(const struct compiler *compiler, const struct command *command);

#endif
