/* The objects that applications share. They lie in the user's cache. */
#ifndef TOOL_OBJECTS_H
#define TOOL_OBJECTS_H

#include <stdbool.h>

#include "base/strings.h"
#include "composition/bind.h"
#include "emission/project.h"

/*
 * Objects for the project's flags: those of the runtime, or those of the pure libraries that the program's
 * modules and the runtime use. objects_begin_… starts making them in the background, and objects_end waits
 * for them. All print an error and return false on failure. `inputs` are the files that the objects are made
 * from.
 */
struct objects {
    const char *what; /* "the runtime" */
    struct strings paths, inputs;
    long process; /* 0 when everything was made before */
    const char *log, *stamp;
    int lock; /* a lock file that is held between the calls; a second build waits for it */
};
bool objects_begin_runtime(const struct project *project, struct objects *out);
bool objects_begin_libraries(const struct project *project, const struct program *program,
                             struct objects *out);
bool objects_end(const struct project *project, struct objects *objects);

#endif
