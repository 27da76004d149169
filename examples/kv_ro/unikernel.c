#include <mirage/functor.h>

#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(KV_RO, kv);
MODULE(JOB, list_files);

/* The value goes to the console as it lies in the store, piece by piece. */
static IO err print_value(struct console *console, struct kv *kv, const char *key)
{
    struct buf *value;
    err e = OK;

    TRY(kv_get(kv, key, &value));
    for (struct buf *b = value; b != NULL && e == OK; b = b->next)
        e = console_write(console, b->data, b->len);
    buf_free(value);
    return e;
}

static IO err print_tree(struct console *console, struct kv *kv, const char *key)
{
    struct kv_list list;
    err e = OK;

    TRY(kv_list(kv, key, &list));
    for (size_t i = 0; i < list.count && e == OK; i++) {
        struct kv_info info;
        char path[KV_KEY_MAX + 1], line[KV_KEY_MAX + 64];
        snprintf(path, sizeof path, "%s%s%s", key, *key ? "/" : "", list.entries[i].name);
        e = kv_stat(kv, path, &info);
        if (e != OK)
            break;
        if (info.kind == KV_DICTIONARY) {
            e = print_tree(console, kv, path);
            continue;
        }
        snprintf(line, sizeof line, "%s: %llu bytes, %s", path, (unsigned long long)info.size,
                 info.content_type ? info.content_type : "of unknown type");
        e = console_log(console, line);
        if (e == OK)
            e = print_value(console, kv, path);
    }
    kv_list_free(&list);
    return e;
}

IO err list_files_start(struct console *console, struct kv *kv)
{
    return print_tree(console, kv, "");
}
