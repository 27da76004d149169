/* The choices for a project, from the command line or from an earlier configure. */
#ifndef TOOL_CHOICES_H
#define TOOL_CHOICES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/evaluate.h"
#include "emission/project.h"

struct choices {
    const char *folder;                        /* NULL means "." */
    const char *file;                          /* the configuration in the folder; NULL means "config.c" */
    const char *home;                          /* the folder that contains _build; NULL means `folder` */
    const char *target, *arch, *cc, *sanitize; /* NULL when not given */
    const char *cflags, *ldflags;              /* further flags; NULL when not given */
    int release;                               /* -1 when not given */
    size_t remembered;   /* the first `remembered` keys come from an earlier command line */
    struct strings keys; /* "name=value", "name" or "no-name" */
};

/*
 * Fill in what this command line leaves open with the choices of the last configure, and keep the choices for
 * the next. choices_remember prints an error and returns false when it cannot write.
 */
void choices_recall(const struct project *project, struct choices *choices);
bool choices_remember(const struct project *project, const struct choices *choices);

/* The chosen keys. There are choices->keys.count of them, kept until the tool exits. */
const struct given_key *choices_keys(const struct choices *choices);

#endif
