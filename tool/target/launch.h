/* How processes of the host are started. A target's start, debug and test can use these functions. */
#ifndef TOOL_LAUNCH_H
#define TOOL_LAUNCH_H

#include <stdbool.h>

#include "base/strings.h"
#include "target/target.h"

/* The program itself, with its arguments. When it is for another processor, an emulator runs it. */
bool launch_process(const struct launch *launch, struct strings *argv);

/* The program as it was linked, with its arguments, under gdb with the commands for fibers. */
bool launch_gdb(const struct launch *launch, struct strings *argv);

#endif
