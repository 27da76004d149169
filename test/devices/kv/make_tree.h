#ifndef TEST_DEVICES_MAKE_TREE_H
#define TEST_DEVICES_MAKE_TREE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kv_tree.h"

static int make_tree(const char *root)
{
    if (mkdir(root, 0777) != 0)
        return -1;
    for (int i = 0; i < KV_TREE_COUNT; i++) {
        struct kv_tree_value value;
        char path[4096];
        FILE *file;
        kv_tree_value(i, &value);
        snprintf(path, sizeof path, "%s/%s", root, value.key);
        for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
            *slash = '\0';
            mkdir(path, 0777);
            *slash = '/';
        }
        file = fopen(path, "w");
        if (!file || fwrite(value.bytes, 1, value.len, file) != value.len || fclose(file) != 0)
            return -1;
        free(value.bytes);
    }
    return 0;
}

#endif
