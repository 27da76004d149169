/* Finding the modules of the source tree. */
#ifndef CATALOG_FIND_H
#define CATALOG_FIND_H

#include "composition/source.h"

struct found {
    size_t count;
    const struct description **items;
};

/*
 * Describe every module below the folders, a list that NULL ends. A folder of C files is one module when one
 * MODULE line is in it, and each of its files is one when there are several; what has none is no module.
 * The folders and all files that were read are added to `inputs`. What is wrong is told, and false returned.
 */
bool modules_find(const struct compiler *compiler, const char *cache, const char *const *folders,
                  struct strings *inputs, struct found *out);

#endif
