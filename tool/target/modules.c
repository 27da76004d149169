/* Which modules a target gives. libmirage-config.so holds this file too, so it uses only the C library. */
#include "target/target.h"

#include <string.h>

const struct target_module *target_role(const struct target *target, const char *role)
{
    for (const struct target_module *m = target->modules; m->source != NULL; m++)
        if (m->role != NULL && strcmp(m->role, role) == 0)
            return m;
    return NULL;
}

bool target_has(const struct target *target, const char *source)
{
    if (strncmp(source, "devices/", strlen("devices/")) != 0)
        return true;
    for (const struct target_module *m = target->modules; m->source != NULL; m++)
        if (strcmp(m->source, source) == 0)
            return true;
    return false;
}

const char *target_default(const struct target *target, const char *key, const char *otherwise)
{
    for (const struct target_default *d = target->defaults; d != NULL && d->key != NULL; d++)
        if (strcmp(d->key, key) == 0)
            return d->value;
    return otherwise;
}
