/* How processes of the host are started; a target's start, debug and test can use it. */
#ifndef TOOL_LAUNCH_H
#define TOOL_LAUNCH_H

#include "base/util.h"
#include "target/target.h"

/* The program itself, with its arguments; behind an emulator when it is for another processor. */
bool launch_process(const struct launch *launch, struct strings *argv);

/* The program as it was linked, with its arguments, under gdb with the commands for fibers. */
bool launch_gdb(const struct launch *launch, struct strings *argv);

#endif
