#include <string.h>

#include "base/keep.h"
#include "base/nearest.h"
#include "base/report.h"
#include "base/strings.h"
#include "target/target.h"

const char *const *target_link_flags(const struct target *target)
{
    static const char *const of_process[] = { PROCESS_LINK_FLAGS, NULL };
    return target->link_flags == NULL ? of_process : target->link_flags;
}

const struct target *target_find(const char *name)
{
    struct strings names = { 0 };
    if (name == NULL)
        return targets[0];
    for (size_t i = 0; targets[i] != NULL; i++) {
        if (strcmp(targets[i]->name, name) == 0)
            return targets[i];
        strings_add(&names, targets[i]->name);
    }
    const char *near = nearest(name, names.items);
    error("there is no target '%s'%s; the targets are: %s", name,
          near == NULL ? "" : text(" (did you mean %s?)", near), strings_join(&names, ", "));
    return NULL;
}
