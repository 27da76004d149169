#include "composition/where.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/nearest.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "composition/symbols.h"

/* An operation, with its name in an instance's source and its name in the program. */
struct mention {
    const struct instance *instance;
    const struct use *use; /* the PARAM or MODULE line that declares it */
    const struct operation *op;
    const char *bound;
};

struct mentions {
    struct mention *items;
    size_t count;
};

static const char *bound_name(const struct instance *instance, const char *name)
{
    for (size_t i = 0; i < instance->binding_count; i++)
        if (strcmp(instance->bindings[i].from, name) == 0)
            return instance->bindings[i].to;
    return name;
}

static void add_mentions(const struct instance *instance, const struct use *use, struct mentions *out)
{
    for (size_t i = 0; i < use->operation_count; i++)
        out->items[out->count++] = (struct mention){ instance, use, &use->operations[i],
                                                     bound_name(instance, use->operations[i].name) };
}

static struct mentions all_mentions(const struct program *program)
{
    struct mentions all = { 0 };
    size_t room = 1;
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct description *d = program->instances[i].description;
        room += d->module->operation_count;
        for (size_t k = 0; k < d->param_count; k++)
            room += d->params[k].operation_count;
    }
    all.items = keep(room * sizeof *all.items);
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct instance *instance = &program->instances[i];
        add_mentions(instance, instance->description->module, &all);
        for (size_t k = 0; k < instance->description->param_count; k++)
            add_mentions(instance, &instance->description->params[k], &all);
    }
    return all;
}

/*
 * Whether an earlier mention is the same one. Two parameters that share a sub-module both declare its
 * operations, but the functor has them once.
 */
static bool is_repeated(const struct mentions *all, size_t at)
{
    const struct mention *m = &all->items[at];
    for (size_t i = 0; i < at; i++)
        if (all->items[i].instance == m->instance && strcmp(all->items[i].op->name, m->op->name) == 0)
            return true;
    return false;
}

static bool tell_several(const struct mentions *all, const char *symbol, const struct strings *found)
{
    struct strings said = { 0 };
    for (size_t f = 0; f < found->count; f++) {
        struct strings users = { 0 };
        for (size_t i = 0; i < all->count; i++)
            if (strcmp(all->items[i].bound, found->items[f]) == 0 &&
                strcmp(all->items[i].op->name, symbol) == 0 && !is_repeated(all, i))
                strings_add(&users, all->items[i].instance->name);
        strings_add(&said, text("%s in %s", found->items[f], strings_join(&users, ", ")));
    }
    error("'%s' stands for %zu operations here: %s; name one of these", symbol, found->count,
          strings_join(&said, "; "));
    return false;
}

/* Find the program's name for `symbol`. */
static bool find_bound(const struct mentions *all, const char *symbol, const char **out)
{
    struct strings found = { 0 }, names = { 0 };
    for (size_t i = 0; i < all->count; i++) {
        const struct mention *m = &all->items[i];
        if (strcmp(m->bound, symbol) == 0) {
            *out = symbol;
            return true;
        }
        strings_add(&names, m->op->name);
        strings_add(&names, m->bound);
        if (strcmp(m->op->name, symbol) == 0 && !strings_has(&found, m->bound))
            strings_add(&found, m->bound);
    }
    if (found.count > 1)
        return tell_several(all, symbol, &found);
    if (found.count == 1) {
        *out = found.items[0];
        return true;
    }
    strings_add(&names, NULL);
    const char *meant = nearest(symbol, names.items);
    error("no functor of this composition has an operation or event '%s'%s", symbol,
          meant == NULL ? "; `mirage describe` shows its modules, and docs/signatures.md what these can do"
                        : text("; did you mean '%s'?", meant));
    return false;
}

static const char *object_of(const struct program *program, const char *const *objects,
                             const struct instance *instance)
{
    return objects[instance - program->instances];
}

static void print_place(struct out *out, const struct instance *instance, const char *file, int line,
                        const char *written)
{
    out_print(out, "  %-24s %s as %s\n", instance->name, text("%s:%d", path_shown(file), line), written);
}

/* Print the place of the definition, found in the lines of symbols_read. */
static bool print_definition(struct out *out, const struct mention *m, const char *object)
{
    struct strings lines = { 0 };
    size_t len = strlen(m->op->name);
    if (!symbols_read(object, &lines))
        return false;
    for (size_t i = 0; i < lines.count; i++) {
        char *end;
        if (strncmp(lines.items[i], m->op->name, len) != 0 || lines.items[i][len] != ' ')
            continue;
        int line = (int)strtol(lines.items[i] + len, &end, 10);
        print_place(out, m->instance, *end == ' ' ? end + 1 : "", line, m->op->name);
        return true;
    }
    return false;
}

static size_t print_uses(struct out *out, const struct mention *m, const char *object)
{
    struct symbol_use *uses;
    size_t count = symbols_uses(object, m->op->name, &uses);
    for (size_t i = 0; i < count; i++)
        print_place(out, m->instance, uses[i].file, uses[i].line, m->op->name);
    return count;
}

static char *print_all(const struct program *program, const struct mentions *all, const char *bound,
                       const char *const *objects)
{
    struct out defined = { 0 }, called = { 0 }, out = { 0 };
    const struct mention *owner = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct mention *m = &all->items[i];
        if (strcmp(m->bound, bound) != 0 || is_repeated(all, i))
            continue;
        const char *object = object_of(program, objects, m->instance);
        if (owner == NULL ||
            (m->use == m->instance->description->module && is_own(m->instance->description, m->op)))
            owner = m;
        if (!print_definition(&defined, m, object))
            print_uses(&called, m, object);
    }
    out_print(&out, "%s: %s of %s (%s)\n\n", bound, owner->op->is_event ? "an event" : "an operation",
              owner->instance->name, owner->use->signature);
    out_print(&out, "defined\n%s\n%s\n%s",
              defined.len > 0       ? out_keep(&defined)
              : owner->op->is_event ? "  by nobody: it is counted and dropped\n"
                                    : "  by nobody\n",
              owner->op->is_event ? "raised" : "called",
              called.len > 0 ? out_keep(&called) : "  by nobody\n");
    return out_keep(&out);
}

/* Compile each functor that mentions the operation, once. */
static bool compile(const struct compiler *compiler, const char *cache, const struct program *program,
                    const struct mentions *all, const char *bound, const char **objects)
{
    const struct description **wanted = keep((all->count + 1) * sizeof *wanted);
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct description *d = all->items[i].instance->description;
        bool again = strcmp(all->items[i].bound, bound) != 0;
        for (size_t k = 0; k < count && !again; k++)
            again = wanted[k] == d;
        if (!again)
            wanted[count++] = d;
    }
    const char **made = keep((count + 1) * sizeof *made);
    if (!check_objects(compiler, cache, wanted, count, made))
        return false;
    for (size_t i = 0; i < program->instance_count; i++)
        for (size_t k = 0; k < count; k++)
            if (program->instances[i].description == wanted[k])
                objects[i] = made[k];
    return true;
}

char *where_text(const struct compiler *compiler, const char *cache, const struct program *program,
                 const char *symbol)
{
    struct mentions all = all_mentions(program);
    const char *bound, **objects = keep((program->instance_count + 1) * sizeof *objects);
    if (!find_bound(&all, symbol, &bound) || !compile(compiler, cache, program, &all, bound, objects))
        return NULL;
    char *said = print_all(program, &all, bound, objects);
    for (size_t i = 0; i < program->instance_count; i++)
        if (objects[i] != NULL)
            unlink(objects[i]);
    return said;
}
