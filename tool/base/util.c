#include "base/util.h"

#include <base/text/distance.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Everything kept hangs on this list, so that leak checkers see it. */
struct kept {
    struct kept *next;
    max_align_t data[];
};
static struct kept *all_kept;

static void *or_die(void *p)
{
    if (p == NULL) {
        fputs("mirage: error: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

void *keep(size_t size)
{
    struct kept *k = or_die(calloc(1, sizeof *k + size));
    k->next = all_kept;
    all_kept = k;
    return k->data;
}

char *keep_bytes(const char *data, size_t len)
{
    char *copy = keep(len + 1);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *keep_string(const char *s)
{
    return keep_bytes(s, strlen(s));
}

static char *format_kept(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *s = keep((size_t)len + 1);
    vsnprintf(s, (size_t)len + 1, format, args);
    return s;
}

char *text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = format_kept(format, args);
    va_end(args);
    return s;
}

void strings_add(struct strings *s, const char *item)
{
    if (s->count + 1 >= s->room) {
        size_t room = s->room == 0 ? 8 : 2 * s->room;
        const char **grown = keep(room * sizeof *grown);
        if (s->count > 0)
            memcpy(grown, s->items, s->count * sizeof *grown);
        s->items = grown;
        s->room = room;
    }
    s->items[s->count++] = item;
    s->items[s->count] = NULL;
}

void strings_add_all(struct strings *s, const char *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strings_add(s, items[i]);
}

bool listed(const char *const *list, const char *word)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

bool strings_has(const struct strings *s, const char *item)
{
    return s->count > 0 && listed(s->items, item);
}

char *strings_join(const struct strings *s, const char *between)
{
    size_t len = 1;
    for (size_t i = 0; i < s->count; i++)
        len += strlen(s->items[i]) + strlen(between);
    char *joined = keep(len), *at = joined;
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0)
            at = stpcpy(at, between);
        at = stpcpy(at, s->items[i]);
    }
    return joined;
}

static void out_reserve(struct out *out, size_t more)
{
    if (out->len + more + 1 <= out->room)
        return;
    size_t room = out->room == 0 ? 1024 : out->room;
    while (room < out->len + more + 1)
        room *= 2;
    out->data = or_die(realloc(out->data, room));
    out->room = room;
}

void out_bytes(struct out *out, const char *data, size_t len)
{
    out_reserve(out, len);
    memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
}

void out_print(struct out *out, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    out_reserve(out, (size_t)len);
    vsnprintf(out->data + out->len, (size_t)len + 1, format, again);
    va_end(again);
    out->len += (size_t)len;
}

void out_free(struct out *out)
{
    free(out->data);
    *out = (struct out){ 0 };
}

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

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strings_sort(struct strings *s)
{
    if (s->count > 1)
        qsort(s->items, s->count, sizeof *s->items, by_text);
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

bool folder_make(const char *path)
{
    char *copy = keep_string(path);
    for (char *at = copy + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST) {
            error("cannot make the folder %s: %s", path_shown(copy), strerror(errno));
            return false;
        }
        if (kept == '\0' && !folder_exists(copy)) {
            error("%s is a file, where a folder is to be; rename it", path_shown(copy));
            return false;
        }
        *at = kept;
        if (kept == '\0')
            return true;
    }
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
    /* Written aside and renamed, so that an interrupted run leaves the old file or the new one. */
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

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return keep_string(".");
    return slash == path ? keep_string("/") : keep_bytes(path, (size_t)(slash - path));
}

char *path_join(const char *folder, const char *name)
{
    return *name == '/' ? keep_string(name) : text("%s/%s", folder, name);
}

/* Lexical: "." and "a/.." go, so that a path that doesn't exist yet can be named. */
static char *normalised(char *path)
{
    char *to = path;
    for (char *from = path; *from != '\0';) {
        while (*from == '/')
            from++;
        size_t len = strcspn(from, "/");
        if (len == 2 && from[0] == '.' && from[1] == '.') {
            while (to > path && *--to != '/')
                ;
        } else if (len > 0 && !(len == 1 && from[0] == '.')) {
            *to++ = '/';
            memmove(to, from, len);
            to += len;
        }
        from += len;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return path;
}

static const char *working_folder(void)
{
    char cwd[PATH_MAX];
    return getcwd(cwd, sizeof cwd) != NULL ? keep_string(cwd) : "/";
}

char *path_absolute(const char *path)
{
    char real[PATH_MAX];
    if (realpath(path, real) != NULL)
        return keep_string(real);
    return normalised(text("%s/%s", *path == '/' ? "" : working_folder(), path));
}

const char *path_shown(const char *path)
{
    const char *cwd = working_folder();
    size_t len = strlen(cwd);
    if (strncmp(path, cwd, len) == 0 && path[len] == '/' && path[len + 1] != '\0')
        return path + len + 1;
    return path;
}

static void message(const char *kind, const char *colour, const char *file, int line, const char *format,
                    va_list args)
{
    bool colours = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;
    fflush(stdout);
    if (file == NULL)
        fputs("mirage: ", stderr);
    else if (line > 0)
        fprintf(stderr, "%s:%d: ", path_shown(file), line);
    else
        fprintf(stderr, "%s: ", path_shown(file));
    fprintf(stderr, "%s%s:%s ", colours ? colour : "", kind, colours ? "\033[m" : "");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void error_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message("error", "\033[1;31m", file, line, format, args);
    va_end(args);
}

void warning_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message("warning", "\033[1;35m", file, line, format, args);
    va_end(args);
}

void note_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message("note", "\033[1;36m", file, line, format, args);
    va_end(args);
}

void error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message("error", "\033[1;31m", NULL, 0, format, args);
    va_end(args);
}

const char *nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;
    for (; *candidates != NULL; candidates++) {
        size_t d = edit_distance(word, strlen(word), *candidates, strlen(*candidates), best_distance);
        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = *candidates;
            best_distance = d;
        }
    }
    return best;
}

/* FNV-1a: these hashes name cache files, nobody attacks them. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
    uint64_t h = seed ^ 0xcbf29ce484222325u;
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}
