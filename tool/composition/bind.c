#include "composition/bind.h"

#include <string.h>

#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"

/* What the symbols of an instance's source that begin with `prefix` stand for. */
struct resolved {
    const struct instance *owner;
    const char *prefix;
};

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* "(CONSOLE, KV_RO)" */
static const char *type_list(const char *const *names, size_t count)
{
    struct strings s = { 0 };
    for (size_t i = 0; i < count; i++)
        strings_add(&s, names[i]);
    return count == 0 ? "no parameters" : text("(%s)", strings_join(&s, ", "));
}

static const char *declared_params(const struct description *d)
{
    const char **names = keep((d->param_count + 1) * sizeof *names);
    for (size_t i = 0; i < d->param_count; i++)
        names[i] = d->params[i].signature;
    return type_list(names, d->param_count);
}

/* Check the type that the configuration gives the functor against the declarations in its source. */
static bool check_type(const struct functor *f, const struct description *d)
{
    const struct use *module = d->module;
    if (strcmp(f->result, module->signature) != 0) {
        error_at(f->place.file, f->place.line,
                 "this says that %s is a %s, but it says MODULE(%s, %s) itself (%s:%d)",
                 path_shown(f->source), f->result, module->signature, module->name, path_shown(module->file),
                 module->line);
        return false;
    }
    for (size_t i = 0; i < f->param_count && i < d->param_count; i++) {
        if (strcmp(f->params[i], d->params[i].signature) == 0)
            continue;
        error_at(f->place.file, f->place.line,
                 "this says that parameter %zu of %s is a %s, but the file says PARAM(%s, %s) (%s:%d)", i + 1,
                 path_shown(f->source), f->params[i], d->params[i].signature, d->params[i].name,
                 path_shown(d->params[i].file), d->params[i].line);
        return false;
    }
    if (f->param_count != d->param_count) {
        error_at(f->place.file, f->place.line,
                 "this says that %s takes %s, but the file has %zu PARAM line%s, %s", path_shown(f->source),
                 type_list(f->params, f->param_count), d->param_count, plural(d->param_count),
                 declared_params(d));
        return false;
    }
    return true;
}

static bool name_taken(const struct program *p, size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(p->instances[i].name, name) == 0)
            return true;
    return false;
}

/*
 * The name of instance `i`: the module's name for its first instance, name__2 and so on for the others, or
 * name__label when the configuration named it with named().
 */
static const char *instance_name(const struct program *p, size_t i)
{
    const char *module = p->instances[i].description->module->name;
    const char *label = p->instances[i].value->label;
    if (label != NULL && !name_taken(p, i, text("%s__%s", module, label)))
        return text("%s__%s", module, label);
    const char *name = module;
    for (int n = 2; name_taken(p, i, name); n++)
        name = text("%s__%d", module, n);
    return name;
}

static struct resolved resolve(const struct instance *instance, const char *name);

/* What the provider uses for sub-module number `k` of the signature `wanted`. */
static struct resolved resolve_submodule(const struct instance *provider, const struct use *wanted, size_t k)
{
    const struct use *module = provider->description->module;
    size_t at = k;
    if (strcmp(module->signature, wanted->signature) != 0)
        for (at = 0; at < module->submodule_count; at++)
            if (strcmp(module->submodules[at].signature, wanted->submodules[k].signature) == 0)
                break;
    if (at >= module->submodule_count)
        return (struct resolved){ 0 };
    return resolve(provider, module->submodules[at].name);
}

static struct resolved resolve_in_param(const struct instance *instance, size_t p, const char *name)
{
    const struct use *param = &instance->description->params[p];
    if (strcmp(param->name, name) == 0)
        return (struct resolved){ instance->params[p], instance->params[p]->name };
    for (size_t k = 0; k < param->submodule_count; k++)
        if (strcmp(param->submodules[k].name, name) == 0)
            return resolve_submodule(instance->params[p], param, k);
    return (struct resolved){ 0 };
}

static struct resolved resolve(const struct instance *instance, const char *name)
{
    const struct description *d = instance->description;
    for (size_t p = 0; p < d->param_count; p++) {
        struct resolved t = resolve_in_param(instance, p, name);
        if (t.owner != NULL)
            return t;
    }
    size_t len = strlen(d->module->name);
    if (strncmp(name, d->module->name, len) == 0 && (name[len] == '_' || name[len] == '\0'))
        return (struct resolved){ instance, text("%s%s", instance->name, name + len) };
    return (struct resolved){ 0 };
}

/*
 * Text for a message: "'udp' (config.c:8) stands on ipv4 (config.c:7)", or for the shared module itself "'ip'
 * is ipv4 (config.c:7)".
 */
static const char *standing(const struct instance *instance, size_t p, struct resolved t)
{
    const struct value *on = t.owner->value, *given = instance->params[p]->value;
    const char *name = instance->description->params[p].name;
    if (t.owner == instance->params[p])
        return text("'%s' is %s (%s:%d)", name, t.prefix, path_shown(on->place.file), on->place.line);
    return text("'%s' (%s:%d) stands on %s (%s:%d)", name, path_shown(given->place.file), given->place.line,
                t.prefix, path_shown(on->place.file), on->place.line);
}

/*
 * Check that a name that several parameters give, such as `ip` in PARAM(UDP_ON, udp, ip) and PARAM(TCP_ON,
 * tcp, ip), is one module under all of them.
 */
static bool check_shared_name(const struct instance *instance, size_t p, const char *name)
{
    const struct description *d = instance->description;
    struct resolved here = resolve_in_param(instance, p, name);
    for (size_t q = 0; q < p; q++) {
        struct resolved there = resolve_in_param(instance, q, name);
        if (here.owner == NULL || there.owner == NULL || strcmp(here.prefix, there.prefix) == 0)
            continue;
        error_at(instance->value->place.file, instance->value->place.line,
                 "%s wants its parameters '%s' and '%s' on one '%s' (%s:%d), but %s and %s; apply both to "
                 "the same value",
                 d->module->name, d->params[q].name, d->params[p].name, name, path_shown(d->params[p].file),
                 d->params[p].line, standing(instance, q, there), standing(instance, p, here));
        return false;
    }
    return true;
}

static bool check_sharing(const struct instance *instance)
{
    const struct description *d = instance->description;
    for (size_t p = 0; p < d->param_count; p++) {
        if (!check_shared_name(instance, p, d->params[p].name))
            return false;
        for (size_t k = 0; k < d->params[p].submodule_count; k++)
            if (!check_shared_name(instance, p, d->params[p].submodules[k].name))
                return false;
    }
    for (size_t k = 0; k < d->module->submodule_count; k++)
        if (resolve(instance, d->module->submodules[k].name).owner == NULL) {
            error_at(d->module->file, d->module->line,
                     "sub-module '%s' of '%s' is neither one of its parameters nor named '%s_…'",
                     d->module->submodules[k].name, d->module->name, d->module->name);
            return false;
        }
    return true;
}

static void add_binding(struct instance *instance, const char *from, const char *to)
{
    if (strcmp(from, to) == 0)
        return;
    for (size_t i = 0; i < instance->binding_count; i++)
        if (strcmp(instance->bindings[i].from, from) == 0)
            return;
    size_t n = instance->binding_count;
    if ((n & (n - 1)) == 0) {
        struct binding *grown = keep((n == 0 ? 1 : 2 * n) * sizeof *grown);
        if (n > 0)
            memcpy(grown, instance->bindings, n * sizeof *grown);
        instance->bindings = grown;
    }
    instance->bindings[instance->binding_count++] = (struct binding){ from, to };
}

static const char *target_symbol(const struct instance *instance, const struct operation *op)
{
    struct resolved t = resolve(instance, op->prefix);
    return t.owner == NULL ? NULL : text("%s%s", t.prefix, op->name + strlen(op->prefix));
}

static bool bind_operations(struct instance *instance, const struct use *use)
{
    for (size_t i = 0; i < use->operation_count; i++) {
        const char *to = target_symbol(instance, &use->operations[i]);
        if (to == NULL) {
            error_at(use->file, use->line,
                     "nothing stands for '%s' of the %s '%s' here; the module given for it has no such part",
                     use->operations[i].prefix, use->signature, use->name);
            return false;
        }
        add_binding(instance, use->operations[i].name, to);
    }
    return true;
}

static bool bind_instance(struct instance *instance)
{
    const struct description *d = instance->description;
    if (!check_sharing(instance))
        return false;
    for (size_t p = 0; p < d->param_count; p++)
        if (!bind_operations(instance, &d->params[p]))
            return false;
    if (!bind_operations(instance, d->module))
        return false;
    add_binding(instance, entry_name(d),
                text("%s%s", instance->name, entry_name(d) + strlen(d->module->name)));
    for (size_t i = 0; i < d->arg_count; i++)
        add_binding(instance, text("mirage_arg_%s", d->args[i].name),
                    text("%s_arg_%s", instance->name, d->args[i].name));
    if (d->generated != NULL)
        add_binding(instance, text("%s_data", d->generated->program), text("%s_data", instance->name));
    return true;
}

/* The symbol by which the raiser calls this event of a parameter when this instance defines it, or NULL. */
static const char *defined_event(const struct instance *instance, const struct operation *op)
{
    if (!op->is_event || !strings_has(&instance->definitions->globals, op->name))
        return NULL;
    return target_symbol(instance, op);
}

struct definer {
    const struct instance *instance;
    const struct operation *op;
    const struct use *param;
};

/*
 * Find up to two parameters of instances that define the event with this symbol. A second one is a mistake.
 * Returns how many were found.
 */
static size_t find_definers(const struct program *p, const char *symbol, struct definer out[2])
{
    size_t found = 0;
    for (size_t i = 0; i < p->instance_count; i++) {
        const struct instance *instance = &p->instances[i];
        for (size_t k = 0; k < instance->description->param_count; k++) {
            const struct use *param = &instance->description->params[k];
            for (size_t o = 0; o < param->operation_count; o++) {
                const char *to = defined_event(instance, &param->operations[o]);
                if (to == NULL || strcmp(to, symbol) != 0)
                    continue;
                if (found == 1 && out[0].instance == instance &&
                    strcmp(out[0].op->name, param->operations[o].name) == 0)
                    continue; /* two parameters share this sub-module and its name */
                out[found++] = (struct definer){ instance, &param->operations[o], param };
                if (found == 2)
                    return found;
            }
        }
    }
    return found;
}

static bool find_events(const struct program *p, struct instance *instance)
{
    const struct use *module = instance->description->module;
    instance->drops = keep((module->operation_count + 1) * sizeof *instance->drops);
    for (size_t i = 0; i < module->operation_count; i++) {
        const struct operation *op = &module->operations[i];
        if (!op->is_event || resolve(instance, op->prefix).owner != instance)
            continue;
        struct definer d[2];
        size_t found = find_definers(p, target_symbol(instance, op), d);
        if (found == 0)
            instance->drops[instance->drop_count++] = op;
        if (found < 2)
            continue;
        const struct value *a = d[0].instance->value, *b = d[1].instance->value;
        error_at(b->place.file, b->place.line,
                 "the event '%s' of %s (%s:%d) has two definers: '%s' in %s (%s:%d) and '%s' in %s (%s:%d); "
                 "an event goes to one functor, so give them modules of their own",
                 op->name, instance->name, path_shown(instance->value->place.file),
                 instance->value->place.line, d[0].op->name, d[0].instance->name, path_shown(a->place.file),
                 a->place.line, d[1].op->name, d[1].instance->name, path_shown(b->place.file), b->place.line);
        return false;
    }
    return true;
}

bool bind_program(struct graph *graph, struct description **descriptions,
                  const struct definitions **definitions, struct program *out)
{
    *out = (struct program){ .graph = graph,
                             .instances = keep((graph->value_count + 1) * sizeof *out->instances) };
    for (size_t i = 0; i < graph->value_count; i++) {
        struct value *v = graph->values[i];
        struct instance *instance = &out->instances[i];
        if (!check_type(v->functor, descriptions[i]))
            return false;
        *instance =
            (struct instance){ .value = v, .description = descriptions[i], .definitions = definitions[i] };
        instance->params = keep((v->arg_count + 1) * sizeof *instance->params);
        for (size_t k = 0; k < v->arg_count; k++)
            instance->params[k] = &out->instances[v->args[k]->id];
        instance->name = instance_name(out, i);
        out->instance_count++;
    }
    for (size_t i = 0; i < out->instance_count; i++)
        if (!bind_instance(&out->instances[i]))
            return false;
    for (size_t i = 0; i < out->instance_count; i++)
        if (!find_events(out, &out->instances[i]))
            return false;
    return true;
}
