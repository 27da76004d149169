#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/keep.h"

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

void strings_add_words(struct strings *s, const char *words)
{
    static const char between[] = " \t\n";
    for (words += strspn(words, between); *words != '\0'; words += strspn(words, between)) {
        size_t len = strcspn(words, between);
        strings_add(s, keep_bytes(words, len));
        words += len;
    }
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

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strings_sort(struct strings *s)
{
    if (s->count > 1)
        qsort(s->items, s->count, sizeof *s->items, by_text);
}
