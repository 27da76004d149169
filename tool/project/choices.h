/* What the command line, or an earlier configure, chose for a project. */
#ifndef TOOL_CHOICES_H
#define TOOL_CHOICES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/evaluate.h"
#include "emission/project.h"

struct choices {
    const char *folder;                        /* "." when not given */
    const char *file;                          /* the configuration in it; "config.c" when not given */
    const char *home;                          /* whose _build to use; the folder itself when not given */
    const char *target, *arch, *cc, *sanitize; /* NULL: not given */
    int release;                               /* -1: not given */
    size_t remembered;   /* so many of the keys, the first, are those of an earlier command line */
    struct strings keys; /* "name=value", "name" or "no-name" */
};

/* Take what the last configure chose for whatever this command line leaves open, and keep what is chosen. */
void choices_recall(const struct project *project, struct choices *choices);
bool choices_remember(const struct project *project, const struct choices *choices);

/* The chosen keys, choices->keys.count of them; kept. */
const struct given_key *choices_keys(const struct choices *choices);

#endif
