/* Reads the folder. It accepts what kv_direct would serve, so nothing from outside the folder. */
#include "crunch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/crunch/crunch.h>
#include <mirage/kv.h>

/* A folder that is being read, and those that it lies in. A symbolic link back to one of them is a loop. */
struct folder {
    const struct folder *above;
    dev_t device;
    ino_t inode;
};

struct walk {
    struct tree *tree;
    const char *root;
    char real_root[PATH_MAX];
    const char *skip;
};

bool fail(const char *format, ...)
{
    va_list args;

    fputs("mirage-crunch: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}

bool bytes_add(struct bytes *bytes, const void *data, size_t len)
{
    if (bytes->room - bytes->len < len) {
        size_t room = bytes->room * 2 > bytes->len + len ? bytes->room * 2 : bytes->len + len;
        uint8_t *grown = realloc(bytes->data, room);
        if (!grown)
            return fail("no memory");
        bytes->data = grown;
        bytes->room = room;
    }
    if (len)
        memcpy(bytes->data + bytes->len, data, len);
    bytes->len += len;
    return true;
}

bool bytes_print(struct bytes *bytes, const char *format, ...)
{
    va_list args;
    char *text;
    int len;
    bool ok;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return fail("no memory");
    ok = bytes_add(bytes, text, (size_t)len);
    free(text);
    return ok;
}

/* Make room for one more item of an array. Returns the array, which may have moved, or NULL. */
static void *array_grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 64;
    items = realloc(items, *room * size);
    if (!items)
        fail("no memory");
    return items;
}

bool tree_add(struct tree *tree, const char *key, struct bytes content)
{
    struct file *files = array_grow(tree->files, tree->count, &tree->room, sizeof *files);
    char *copy = strdup(key);

    if (files)
        tree->files = files;
    if (!files || !copy) {
        free(copy);
        free(content.data);
        return copy ? false : fail("no memory");
    }
    tree->files[tree->count++] = (struct file){ .key = copy, .content = content };
    return true;
}

static bool input_add(struct tree *tree, const char *path)
{
    char **inputs = array_grow(tree->inputs, tree->input_count, &tree->input_room, sizeof *inputs);
    char *copy = strdup(path);

    if (inputs)
        tree->inputs = inputs;
    if (!inputs || !copy) {
        free(copy);
        return copy ? false : fail("no memory");
    }
    tree->inputs[tree->input_count++] = copy;
    return true;
}

static bool read_file(const char *path, struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint8_t block[65536];
    ssize_t n;

    if (fd < 0)
        return fail("%s: can't be read: %s", path, strerror(errno));
    while ((n = read(fd, block, sizeof block)) > 0)
        if (!bytes_add(out, block, (size_t)n))
            break;
    if (n < 0)
        fail("%s: can't be read: %s", path, strerror(errno));
    close(fd);
    return n == 0;
}

/* Whether a symbolic link leads to something below the root. */
static bool check_link(const struct walk *walk, const char *path)
{
    char real[PATH_MAX];
    size_t len = strlen(walk->real_root);

    if (!realpath(path, real))
        return fail("%s: the symbolic link leads nowhere: %s", path, strerror(errno));
    if (strncmp(real, walk->real_root, len) != 0 || (real[len] != '/' && real[len] != '\0'))
        return fail("%s: the symbolic link leads out of %s, to %s", path, walk->root, real);
    return true;
}

static bool check_name(const char *path)
{
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < ' ')
            return fail("%s: the name holds a control character, which a depfile can't express", path);
    return true;
}

static bool walk_folder(struct walk *walk, const char *key, const struct folder *above);

static bool walk_entry(struct walk *walk, const char *key, const struct folder *above)
{
    char *path = NULL;
    struct bytes content = { 0 };
    struct stat st;
    bool ok = false;

    if (asprintf(&path, "%s/%s", walk->root, key) < 0)
        return fail("no memory");
    if (!check_name(path))
        goto out;
    if (strlen(key) > KV_KEY_MAX) {
        fail("%s: the key is longer than %d bytes", path, KV_KEY_MAX);
        goto out;
    }
    if (lstat(path, &st) < 0) {
        fail("%s: can't be read: %s", path, strerror(errno));
        goto out;
    }
    if (S_ISLNK(st.st_mode)) {
        if (!check_link(walk, path))
            goto out;
        if (stat(path, &st) < 0) {
            fail("%s: can't be read: %s", path, strerror(errno));
            goto out;
        }
    }
    if (S_ISDIR(st.st_mode)) {
        ok = walk_folder(walk, key, above);
    } else if (S_ISREG(st.st_mode)) {
        ok = input_add(walk->tree, path) && read_file(path, &content);
        if (ok)
            ok = tree_add(walk->tree, key, content);
        else
            free(content.data);
    } else {
        fail("%s: is neither a file nor a folder", path);
    }
out:
    free(path);
    return ok;
}

static bool walk_names(struct walk *walk, const char *key, DIR *dir, const struct folder *here)
{
    struct dirent *entry;

    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        char *child;
        bool ok;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (asprintf(&child, "%s%s%s", key, *key ? "/" : "", name) < 0)
            return fail("no memory");
        ok = walk_entry(walk, child, here);
        free(child);
        if (!ok)
            return false;
    }
    return true;
}

static bool walk_folder(struct walk *walk, const char *key, const struct folder *above)
{
    struct folder here = { .above = above };
    char *path = NULL, real[PATH_MAX];
    DIR *dir = NULL;
    struct stat st;
    bool ok = false;

    if (asprintf(&path, "%s%s%s", walk->root, *key ? "/" : "", key) < 0)
        return fail("no memory");
    dir = opendir(path);
    if (!dir || fstat(dirfd(dir), &st) < 0) {
        fail("%s: the folder can't be read: %s", path, strerror(errno));
        goto out;
    }
    here.device = st.st_dev;
    here.inode = st.st_ino;
    for (const struct folder *f = above; f; f = f->above)
        if (f->device == here.device && f->inode == here.inode) {
            fail("%s: the symbolic link leads back to a folder above it", path);
            goto out;
        }
    if (realpath(path, real) && strcmp(real, walk->skip) == 0) {
        fail("%s: the output lies in the folder that it is made of; choose another place for it", path);
        goto out;
    }
    ok = input_add(walk->tree, path) && walk_names(walk, key, dir, &here);
out:
    if (dir)
        closedir(dir);
    free(path);
    return ok;
}

bool tree_read(struct tree *tree, const char *root, const char *skip)
{
    struct walk walk = { .tree = tree, .root = root, .skip = skip };

    if (!realpath(root, walk.real_root))
        return fail("%s: the folder can't be read: %s", root, strerror(errno));
    return walk_folder(&walk, "", NULL);
}

static int compare_files(const void *a, const void *b)
{
    return crunch_compare(((const struct file *)a)->key, ((const struct file *)b)->key);
}

bool tree_sort(struct tree *tree)
{
    if (tree->count)
        qsort(tree->files, tree->count, sizeof *tree->files, compare_files);
    for (size_t i = 1; i < tree->count; i++) {
        const char *before = tree->files[i - 1].key, *key = tree->files[i].key;
        size_t len = strlen(before);
        if (strcmp(before, key) == 0)
            return fail("%s: both a file and the rendered Markdown would have this key", key);
        if (strncmp(before, key, len) == 0 && key[len] == '/')
            return fail("%s: the rendered Markdown has the name of a folder", before);
    }
    return true;
}

void tree_free(struct tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->files[i].key);
        free(tree->files[i].content.data);
        free(tree->files[i].gzip.data);
    }
    for (size_t i = 0; i < tree->input_count; i++)
        free(tree->inputs[i]);
    free(tree->files);
    free(tree->inputs);
}
