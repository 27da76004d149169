/* The names in a folder. */
#include "kv_direct.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kind of a name in a folder. ERR_NOT_FOUND when it isn't shown. */
static err entry_kind(struct kv_direct *kv, const char *key, const struct dirent *entry, enum kv_kind *out)
{
    char path[KV_KEY_MAX + 2 + sizeof entry->d_name];
    struct stat st;
    size_t len = strlen(key), name_len = strlen(entry->d_name);

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return ERR_NOT_FOUND;
    memcpy(path, key, len);
    if (len)
        path[len++] = '/';
    memcpy(path + len, entry->d_name, name_len + 1);
    if (len + name_len > KV_KEY_MAX)
        return ERR_NOT_FOUND;
    if (entry->d_type == DT_REG || entry->d_type == DT_DIR) {
        *out = entry->d_type == DT_DIR ? KV_DICTIONARY : KV_VALUE;
        return OK;
    }
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return ERR_NOT_FOUND;
    TRY(stat_key(kv, path, &st));
    *out = S_ISDIR(st.st_mode) ? KV_DICTIONARY : KV_VALUE;
    return OK;
}

/*
 * The names in the order in which they come, in one growing block. Entries hold offsets until the block does
 * not move any more.
 */
struct names {
    struct kv_list list;
    size_t room, bytes, bytes_room;
};

static err names_add(struct names *names, const char *name, enum kv_kind kind)
{
    size_t len = strlen(name) + 1;

    if (names->list.count == names->room) {
        size_t room = names->room ? names->room * 2 : 16;
        struct kv_entry *entries = realloc(names->list.entries, room * sizeof *entries);
        if (!entries)
            return ERR_NO_MEMORY;
        names->list.entries = entries;
        names->room = room;
    }
    if (names->bytes_room - names->bytes < len) {
        size_t room = names->bytes_room * 2 + len;
        char *storage = realloc(names->list.storage, room);
        if (!storage)
            return ERR_NO_MEMORY;
        names->list.storage = storage;
        names->bytes_room = room;
    }
    memcpy((char *)names->list.storage + names->bytes, name, len);
    names->list.entries[names->list.count++] =
        (struct kv_entry){ (const char *)(uintptr_t)names->bytes, kind };
    names->bytes += len;
    return OK;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct kv_entry *)a)->name, ((const struct kv_entry *)b)->name);
}

static err read_names(struct kv_direct *kv, const char *key, DIR *dir, struct names *names)
{
    for (;;) {
        struct dirent *entry;
        enum kv_kind kind;
        errno = 0;
        entry = readdir(dir);
        if (!entry)
            return errno ? ERR_IO : OK;
        if (entry_kind(kv, key, entry, &kind) == OK)
            TRY(names_add(names, entry->d_name, kind));
    }
}

IO err kv_direct_list(struct kv_direct *kv, const char *key, struct kv_list *out)
{
    struct names names = { 0 };
    struct stat st;
    DIR *dir;
    int fd;
    err e;

    key = kv_key_check(key);
    if (!key)
        return ERR_INVALID;
    TRY(stat_key(kv, key, &st));
    if (!S_ISDIR(st.st_mode))
        return ERR_INVALID;
    TRY(open_key(kv, key, O_RDONLY | O_DIRECTORY, &fd));
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return ERR_NO_MEMORY;
    }
    e = read_names(kv, key, dir, &names);
    closedir(dir);
    if (e != OK) {
        kv_list_free(&names.list);
        return e;
    }
    for (size_t i = 0; i < names.list.count; i++)
        names.list.entries[i].name = (char *)names.list.storage + (uintptr_t)names.list.entries[i].name;
    if (names.list.count)
        qsort(names.list.entries, names.list.count, sizeof *names.list.entries, compare_entries);
    *out = names.list;
    return OK;
}
