/*
 * Makes the graph from the record. It makes the choices, leaves out what no job needs, and makes one value of
 * several applications of the same functor to the same arguments.
 */
#include "base/files.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "composition/graph_record.h"

#include <stdlib.h>
#include <string.h>

/* The state of resolving a record. The arrays are indexed as the record's. */
struct resolution {
    const struct record *record;
    size_t *chosen; /* for each value, the value of another kind than RECORDED_CHOICE that it stands for */
    bool *needed;
    struct value **values;
    struct functor **functors;
    struct graph *graph;
};

static bool place_error(struct place place, const char *message)
{
    error_at(place.file, place.line, "%s", message);
    return false;
}

/* Check that an enum key can have the value of each case, whichever it has now. */
static bool cases_check(const struct record *r, const struct recorded *v)
{
    const struct key *key = &r->keys[v->key];
    struct strings choices = { 0 };
    if (key->kind != KEY_KIND_ENUM)
        return true;
    for (const char **c = key->choices; *c != NULL; c++)
        strings_add(&choices, *c);
    for (const char **c = v->cases; *c != NULL; c++)
        if (!strings_has(&choices, *c))
            return place_error(v->place, text("'%s' is no value of the key '%s', which is one of %s", *c,
                                              key->name, strings_join(&choices, ", ")));
    return true;
}

static bool choose(struct resolution *r, size_t id)
{
    const struct recorded *v = &r->record->values[id];
    const struct key *key = &r->record->keys[v->key];
    if (!cases_check(r->record, v))
        return false;
    for (size_t i = 0; i < v->arg_count; i++)
        if (strcmp(v->cases[i], key->value) == 0) {
            r->chosen[id] = r->chosen[v->args[i]];
            return true;
        }
    return place_error(
        v->place, text("match_impl has no case for '%s', the value of the key '%s'", key->value, key->name));
}

static bool choose_all(struct resolution *r)
{
    for (size_t id = 0; id < r->record->value_count; id++) {
        r->chosen[id] = id;
        if (r->record->values[id].kind == RECORDED_CHOICE && !choose(r, id))
            return false;
    }
    return true;
}

/* The value of the kind RECORDED_APPLY or RECORDED_ABSENT that the names stand for. */
static const struct recorded *base_of(const struct resolution *r, size_t id)
{
    const struct recorded *v = &r->record->values[id];
    while (v->kind == RECORDED_NAMED)
        v = &r->record->values[r->chosen[v->args[0]]];
    return v;
}

static bool mark_needed(struct resolution *r)
{
    for (size_t i = 0; i < r->record->job_count; i++)
        r->needed[r->chosen[r->record->job_values[i]]] = true;
    /* Arguments have smaller indices, so each value comes before its arguments here. */
    for (size_t id = r->record->value_count; id-- > 0;) {
        if (!r->needed[id])
            continue;
        const struct recorded *base = base_of(r, id);
        if (base->kind == RECORDED_ABSENT)
            return place_error(base->place, base->text);
        for (size_t i = 0; i < base->arg_count; i++)
            r->needed[r->chosen[base->args[i]]] = true;
    }
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_texts(const char *const *a, const char *const *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    for (; *a != NULL && *b != NULL; a++, b++)
        if (strcmp(*a, *b) != 0)
            return false;
    return *a == *b;
}

static bool same_settings(const struct functor *a, const struct functor *b)
{
    if (a->setting_count != b->setting_count)
        return false;
    for (size_t i = 0; i < a->setting_count; i++) {
        const struct setting *s = &a->settings[i], *t = &b->settings[i];
        if (s->kind != t->kind || strcmp(s->name, t->name) != 0 || !same_text(s->value, t->value) ||
            !same_texts(s->values, t->values))
            return false;
    }
    return true;
}

static bool same_functor(const struct functor *a, const struct functor *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->result, b->result) == 0 &&
           same_texts(a->params, b->params) && same_texts(a->libraries, b->libraries) && same_settings(a, b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct setting *)a)->name, ((const struct setting *)b)->name);
}

/* Check that the source exists, before anything else about the functor. */
static bool source_check(const struct functor *f)
{
    if (!file_exists(f->source) && !folder_exists(f->source)) {
        const char *what = f->name != NULL
                               ? text("%s() is not installed: there is no %s", f->name, path_shown(f->source))
                               : text("there is no file or folder '%s'", f->written);
        return place_error(f->place, what);
    }
    return true;
}

/* The first functor that is equal to this one. */
static struct functor *functor_interned(struct resolution *r, size_t id)
{
    struct functor *f = &r->record->functors[id];
    if (r->functors[id] != NULL)
        return r->functors[id];
    qsort(f->settings, f->setting_count, sizeof *f->settings, by_name);
    r->functors[id] = f;
    for (size_t i = 0; i < r->record->functor_count; i++)
        if (i != id && r->functors[i] != NULL && same_functor(r->functors[i], f)) {
            r->functors[id] = r->functors[i];
            break;
        }
    return r->functors[id];
}

static bool same_value(const struct value *a, const struct value *b)
{
    return a->functor == b->functor && a->arg_count == b->arg_count && same_text(a->label, b->label) &&
           memcmp(a->args, b->args, a->arg_count * sizeof *a->args) == 0;
}

/* Add the value to the graph, unless an equal one, or another of its name, is there. */
static struct value *value_interned(struct graph *graph, struct value *v)
{
    for (size_t i = 0; i < graph->value_count; i++) {
        struct value *other = graph->values[i];
        if (same_value(other, v))
            return other;
        if (v->label != NULL && same_text(other->label, v->label)) {
            place_error(v->place, text("there are two modules named '%s': the other is on line %d", v->label,
                                       other->place.line));
            return NULL;
        }
    }
    v->id = graph->value_count;
    graph->values[graph->value_count++] = v;
    return v;
}

static bool value_make(struct resolution *r, size_t id)
{
    const struct recorded *base = base_of(r, id), *outer = &r->record->values[id];
    struct value *v = keep(sizeof *v);
    v->functor = functor_interned(r, base->functor);
    v->arg_count = base->arg_count;
    v->args = keep(v->arg_count * sizeof *v->args);
    v->place = outer->place;
    v->type = v->functor->result;
    v->label = outer->kind == RECORDED_NAMED ? outer->text : NULL;
    for (size_t i = 0; i < v->arg_count; i++)
        v->args[i] = r->values[r->chosen[base->args[i]]];
    r->values[id] = value_interned(r->graph, v);
    return r->values[id] != NULL && source_check(v->functor);
}

static bool jobs_make(struct resolution *r)
{
    struct graph *graph = r->graph;
    for (size_t i = 0; i < r->record->job_count; i++) {
        struct job *job = &r->record->jobs[i];
        job->value = r->values[r->chosen[r->record->job_values[i]]];
        for (size_t k = 0; k < graph->value_count; k++)
            if (graph->values[k] != job->value && same_text(graph->values[k]->label, job->name))
                return place_error(job->place,
                                   text("the job '%s' has the name of a module: the module is on line %d",
                                        job->name, graph->values[k]->place.line));
    }
    graph->jobs = r->record->jobs;
    graph->job_count = r->record->job_count;
    return true;
}

/*
 * Sort the values so that arguments come before what is applied to them, in the order in which the jobs name
 * them. A C compiler may evaluate two arguments in either order, and that must not change the program. Chains
 * may be long, so this function does not recurse.
 */
static void order(struct graph *graph)
{
    struct visit {
        struct value *value;
        size_t next;
    } *stack = keep((graph->value_count + 1) * sizeof *stack);
    struct value **ordered = keep(graph->value_count * sizeof *ordered);
    bool *seen = keep(graph->value_count * sizeof *seen);
    size_t depth, count = 0;

    for (size_t i = 0; i < graph->job_count; i++) {
        depth = 0;
        if (!seen[graph->jobs[i].value->id])
            stack[depth++] = (struct visit){ graph->jobs[i].value, 0 };
        while (depth > 0) {
            struct visit *v = &stack[depth - 1];
            seen[v->value->id] = true;
            if (v->next == v->value->arg_count) {
                ordered[count++] = v->value;
                depth--;
            } else if (!seen[v->value->args[v->next++]->id]) {
                stack[depth++] = (struct visit){ v->value->args[v->next - 1], 0 };
            }
        }
    }
    graph->values = ordered;
    graph->value_count = count;
    for (size_t i = 0; i < count; i++)
        ordered[i]->id = i;
}

static bool args_check(const struct record *r)
{
    for (size_t i = 0; i < r->arg_count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(r->args[i].name, r->args[k].name) == 0)
                return place_error(r->args[i].place,
                                   text("there are two runtime arguments named '%s': the other is on line %d",
                                        r->args[i].name, r->args[k].place.line));
    return true;
}

static bool resolve(struct resolution *r)
{
    if (!choose_all(r) || !mark_needed(r) || !args_check(r->record))
        return false;
    for (size_t id = 0; id < r->record->value_count; id++)
        if (r->needed[id] && !value_make(r, id))
            return false;
    if (!jobs_make(r))
        return false;
    order(r->graph);
    return true;
}

bool graph_read(const char *config, const char *data, size_t len, const struct given_key *given,
                size_t given_count, struct graph *out)
{
    struct record record;
    *out = (struct graph){ .config = config };
    if (!record_read(config, data, len, given, given_count, &record))
        return false;
    out->keys = record.keys;
    out->key_count = record.key_count;
    out->args = record.args;
    out->arg_count = record.arg_count;
    out->values = keep(record.value_count * sizeof *out->values);
    struct resolution r = {
        .record = &record,
        .graph = out,
        .chosen = keep(record.value_count * sizeof *r.chosen),
        .needed = keep(record.value_count * sizeof *r.needed),
        .values = keep(record.value_count * sizeof *r.values),
        .functors = keep(record.functor_count * sizeof *r.functors),
    };
    return resolve(&r);
}
