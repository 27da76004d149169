#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool folder_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool folder_files(const char *folder, const char *ending, struct strings *out)
{
    struct strings found = { 0 };
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return false;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t len = strlen(e->d_name), end = strlen(ending);
        if (*e->d_name == '.' || len <= end || strcmp(e->d_name + len - end, ending) != 0)
            continue;
        strings_add(&found, path_join(folder, keep_string(e->d_name)));
    }
    closedir(dir);
    if (found.count == 0)
        return false;
    strings_sort(&found);
    strings_add_all(out, found.items, found.count);
    return true;
}

char *file_read(const char *path, size_t *len)
{
    char *data = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) != 0)
        goto out;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        goto out;
    }
    size_t size = (size_t)st.st_size, got = 0;
    char *room = keep(size + 1);
    while (got < size) {
        ssize_t n = read(fd, room + got, size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            goto out;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    room[got] = '\0';
    data = room;
    if (len != NULL)
        *len = got;
out:
    close(fd);
    return data;
}

/* Make the folders. Returns why that failed, as a sentence, or NULL. */
static const char *make_folders(const char *path)
{
    char *copy = keep_string(path);
    for (char *at = copy + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            return text("cannot make the folder %s: %s", path_shown(copy), strerror(errno));
        if (kept == '\0' && !folder_exists(copy))
            return text("%s is a file, where a folder is to be; rename it", path_shown(copy));
        *at = kept;
        if (kept == '\0')
            return NULL;
    }
}

bool folder_make(const char *path)
{
    const char *wrong = make_folders(path);
    if (wrong != NULL)
        error("%s", wrong);
    return wrong == NULL;
}

bool folder_writable(const char *path)
{
    return make_folders(path) == NULL && access(path, W_OK | X_OK) == 0;
}

static bool same_contents(const char *path, const char *data, size_t len)
{
    struct stat st;
    size_t old_len;
    if (stat(path, &st) != 0 || (size_t)st.st_size != len)
        return false;
    char *old = file_read(path, &old_len);
    return old != NULL && old_len == len && memcmp(old, data, len) == 0;
}

bool file_write(const char *path, const char *data, size_t len)
{
    if (same_contents(path, data, len))
        return true;
    if (!folder_make(path_folder(path)))
        return false;
    /* Written under another name and then renamed, so that an interrupted run leaves the old file whole. */
    char *aside = text("%s.%ld", path, (long)getpid());
    FILE *f = fopen(aside, "we");
    bool ok = f != NULL && fwrite(data, 1, len, f) == len;
    if (f != NULL && fclose(f) != 0)
        ok = false;
    if (ok && rename(aside, path) != 0)
        ok = false;
    if (!ok) {
        error("cannot write %s: %s", path_shown(path), strerror(errno));
        unlink(aside);
    }
    return ok;
}
