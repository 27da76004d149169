#include "catalog.h"

#include <string.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

const struct catalog_choice catalog_choices[] = {
    { "kv", "crunch", "folders of files: crunch compiles them in, direct reads them when the program runs",
      LIST("crunch", "direct") },
    { "net", "socket", "the network: socket is the host's, direct is this project's own stack",
      LIST("socket", "direct") },
    { 0 },
};

const struct catalog_entry *catalog_find(const char *name)
{
    for (const struct catalog_entry *e = catalog_entries; name != NULL && e->name != NULL; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

const struct catalog_entry *catalog_of_source(const char *source)
{
    for (const struct catalog_entry *e = catalog_entries; e->name != NULL; e++)
        if (e->source != NULL && strcmp(e->source, source) == 0)
            return e;
    return NULL;
}
