#include "record.h"

#include <mirage/config.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"

enum { CHUNK = 256, DEEPEST = 256 };

/* Nodes are allocated in chunks and never move, because the configuration holds their addresses. */
struct chunk {
    struct chunk *next;
    size_t used;
    struct node nodes[CHUNK];
};

static struct config_start start;
static struct chunk *chunks;
static json_t *tables[3]; /* indexed by node_kind */
static json_t *jobs, *args;

/* The calls whose arguments are still being evaluated. */
static struct here calls[DEEPEST];
static size_t depth;

const char mirage_end[] = "";

void mirage_config_start(const struct config_start *s)
{
    start = *s;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        tables[i] = json_array();
    jobs = json_array();
    args = json_array();
}

static void reached(struct here here)
{
    snprintf(start.channel->file, sizeof start.channel->file, "%s", here.file);
    start.channel->line = here.line;
}

void mirage_at(const char *file, int line)
{
    struct here here = { file, line };
    reached(here);
    if (depth == DEEPEST)
        refuse(here, "calls are nested more than %d deep", DEEPEST);
    calls[depth++] = here;
}

struct here called(void)
{
    if (depth == 0)
        return (struct here){ start.channel->file, start.channel->line };
    reached(calls[depth - 1]);
    return calls[--depth];
}

static void send_and_end(json_t *message)
{
    FILE *f = fdopen(start.pipe, "w");
    if (f == NULL || json_dumpf(message, f, JSON_COMPACT) != 0 || fclose(f) != 0)
        _exit(1);
    start.channel->done = true;
    fflush(NULL);
    _exit(0);
}

void refuse(struct here here, const char *format, ...)
{
    char *message = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&message, format, list) < 0)
        message = NULL;
    va_end(list);
    json_t *error = json_object();
    json_object_set_new(error, "message", text_of(message));
    mark(error, here);
    send_and_end(json_pack("{s:o}", "error", error));
    abort();
}

/*
 * Refuse a statement such as set_int(f, ...); whose result is not used. It would change nothing, because f
 * stays as it was.
 */
static void refuse_unused(void)
{
    for (struct chunk *c = chunks; c != NULL; c = c->next)
        for (size_t i = 0; i < c->used; i++)
            if (c->nodes[i].must_be_used != NULL)
                refuse(c->nodes[i].changed,
                       "what %s returns is not used: it is a new module or functor, and the old one stays as "
                       "it was; keep it: x = %s(x, ...)",
                       c->nodes[i].must_be_used, c->nodes[i].must_be_used);
}

bool mirage_config_finish(void)
{
    refuse_unused();
    if (json_array_size(jobs) == 0)
        return false;
    send_and_end(json_pack("{s:o,s:o,s:o,s:o,s:o}", "functors", tables[NODE_FUNCTOR], "values",
                           tables[NODE_VALUE], "keys", tables[NODE_KEY], "jobs", jobs, "args", args));
    return true;
}

json_t *text_of(const char *text)
{
    json_t *string = text == NULL ? json_null() : json_string(text);
    /* A path or name that isn't UTF-8 is sent byte for byte. */
    return string != NULL ? string : json_string_nocheck(text);
}

void mark(json_t *object, struct here here)
{
    json_object_set_new(object, "file", text_of(here.file));
    json_object_set_new(object, "line", json_integer(here.line));
}

struct node *node_new(enum node_kind kind, struct here here, json_t *json)
{
    if (chunks == NULL || chunks->used == CHUNK) {
        struct chunk *fresh = calloc(1, sizeof *fresh);
        if (fresh == NULL)
            refuse(here, "out of memory");
        fresh->next = chunks;
        chunks = fresh;
    }
    struct node *node = &chunks->nodes[chunks->used++];
    *node = (struct node){ .kind = kind, .id = json_array_size(tables[kind]), .here = here, .json = json };
    mark(json, here);
    json_array_append_new(tables[kind], json);
    return node;
}

struct node *node_find(const void *pointer)
{
    uintptr_t at = (uintptr_t)pointer;
    for (struct chunk *c = chunks; c != NULL; c = c->next) {
        uintptr_t first = (uintptr_t)c->nodes;
        if (at >= first && at < first + c->used * sizeof *c->nodes && (at - first) % sizeof *c->nodes == 0)
            return &c->nodes[(at - first) / sizeof *c->nodes];
    }
    return NULL;
}

json_t *functor_recorded(const struct node *application)
{
    json_t *id = json_object_get(application->json, "functor");
    return json_array_get(tables[NODE_FUNCTOR], (size_t)json_integer_value(id));
}

struct node *node_of(struct here here, const void *pointer, enum node_kind kind, const char *what, ...)
{
    static const char *const names[] = { "a functor", "a module", "a key" };
    struct node *node = node_find(pointer);
    if (node != NULL && node->kind == kind) {
        node->must_be_used = NULL;
        return node;
    }
    char *subject = NULL;
    va_list list;
    va_start(list, what);
    if (vasprintf(&subject, what, list) < 0)
        subject = NULL;
    va_end(list);
    if (pointer == NULL)
        refuse(here, "%s is NULL", subject);
    if (node == NULL)
        refuse(here, "%s is not %s that this configuration made; was the variable ever set?", subject,
               names[kind]);
    refuse(here, "%s is %s, not %s", subject, names[node->kind], names[kind]);
}

void record_job(json_t *job)
{
    json_array_append_new(jobs, job);
}

void record_arg(json_t *arg)
{
    json_array_append_new(args, arg);
}

json_t *jobs_recorded(void)
{
    return jobs;
}

struct node *key_recorded(const char *name)
{
    for (struct chunk *c = chunks; c != NULL; c = c->next)
        for (size_t i = 0; i < c->used; i++)
            if (c->nodes[i].kind == NODE_KEY &&
                strcmp(json_string_value(json_object_get(c->nodes[i].json, "name")), name) == 0)
                return &c->nodes[i];
    return NULL;
}

static char *path_under(const char *folder, const char *path)
{
    char *joined = NULL;
    if (asprintf(&joined, "%s/%s", folder, path) < 0)
        return NULL;
    return joined;
}

char *config_path(const char *path)
{
    return *path == '/' ? strdup(path) : path_under(start.folder, path);
}

char *catalog_path(const char *path)
{
    return path_under(start.root, path);
}

const struct target *config_target(void)
{
    return start.target;
}

const struct target *const *config_targets(void)
{
    return start.targets;
}
