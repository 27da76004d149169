#include "base/stamp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/out.h"

/*
 * The time in nanoseconds and the size in bytes that identify a state of the file. Both are 0 when there is
 * none.
 */
static void state_of(const char *path, int64_t *time, int64_t *size)
{
    struct stat st;
    *time = *size = 0;
    if (stat(path, &st) != 0)
        return;
    *time = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    *size = S_ISDIR(st.st_mode) ? 0 : (int64_t)st.st_size;
}

bool stamp_fresh(const char *path, uint64_t key, struct strings *inputs)
{
    char *data = file_read(path, NULL);
    if (data == NULL)
        return false;
    char *end;
    if (strtoull(data, &end, 16) != key || *end != '\n')
        return false;
    for (char *line = end + 1; *line != '\0';) {
        char *stop = strchr(line, '\n');
        if (stop == NULL)
            return false;
        *stop = '\0';
        char *at;
        int64_t time, size, was_time = strtoll(line, &at, 10), was_size = strtoll(at, &at, 10);
        if (*at != ' ')
            return false;
        state_of(at + 1, &time, &size);
        if (time != was_time || size != was_size)
            return false;
        if (inputs != NULL)
            strings_add(inputs, at + 1);
        line = stop + 1;
    }
    return true;
}

bool stamp_write(const char *path, uint64_t key, const struct strings *inputs)
{
    struct out out = { 0 };
    out_print(&out, "%" PRIx64 "\n", key);
    for (size_t i = 0; i < inputs->count; i++) {
        int64_t time, size;
        state_of(inputs->items[i], &time, &size);
        out_print(&out, "%" PRId64 " %" PRId64 " %s\n", time, size, inputs->items[i]);
    }
    bool ok = file_write(path, out.data, out.len);
    out_free(&out);
    return ok;
}

bool depfile_read(const char *path, struct strings *out)
{
    char *at = file_read(path, NULL);
    if (at == NULL || (at = strstr(at, ": ")) == NULL)
        return false;
    at += 2;
    while (*at != '\0') {
        char *word = at, *to = at;
        while (*at != '\0' && *at != ' ' && *at != '\n') {
            if (*at == '\\' && at[1] == '\n')
                break;
            if (*at == '\\' && (at[1] == ' ' || at[1] == '#' || at[1] == '\\'))
                at++;
            else if (*at == '$' && at[1] == '$')
                at++;
            *to++ = *at++;
        }
        if (to > word)
            strings_add(out, keep_bytes(word, (size_t)(to - word)));
        if (*at == '\n') /* the rules that follow the first are those of -MP */
            break;
        if (*at == '\\')
            at++;
        if (*at != '\0')
            at++;
    }
    return true;
}
