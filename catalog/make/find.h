/* Finding the modules of the source tree. */
#ifndef CATALOG_FIND_H
#define CATALOG_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strings.h"
#include "composition/source.h"

struct found {
    size_t count;
    const struct description **items;
};

/*
 * Describe every module below the folders, a list that NULL ends. A folder of C files is one module when it
 * has one MODULE line. When it has several, each of its files is a module. A folder without one is an error.
 * The folders and all files that were read are added to `inputs`. Reports what is wrong and then returns
 * false.
 */
bool modules_find(const struct compiler *compiler, const char *cache, const char *const *folders,
                  struct strings *inputs, struct found *out);

#endif
