#include "emission/picture.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/strings.h"
#include "emission/instance.h"

static const char *shown_source(const struct project *p, const char *source)
{
    size_t len = strlen(p->installation.root);
    if (strncmp(source, p->folder, strlen(p->folder)) == 0 && source[strlen(p->folder)] == '/')
        return source + strlen(p->folder) + 1;
    return strncmp(source, text("%s/", p->installation.root), len + 1) == 0 ? source + len + 1 : source;
}

/* Print the tree of an instance. A module that was printed before is only named. */
static void print_tree(struct out *out, const struct project *p, const struct instance *instance,
                       const char *param, const char *indent, bool *seen)
{
    size_t id = instance->value->id;
    bool again = seen[id];
    const char *head = text("%s%s%s%s", indent, param, *param == '\0' ? "" : ": ", instance->name);
    out_print(out, "%-40s %-10s %s\n", head, instance->description->module->signature,
              again ? "(above)" : shown_source(p, instance->value->functor->source));
    seen[id] = true;
    for (size_t i = 0; !again && i < instance->description->param_count; i++)
        print_tree(out, p, instance->params[i], instance->description->params[i].name, text("%s  ", indent),
                   seen);
}

static void print_keys(struct out *out, const struct graph *g)
{
    if (g->key_count > 0)
        out_print(out, "\nkeys, chosen when it is configured\n");
    for (size_t i = 0; i < g->key_count; i++) {
        const struct key *k = &g->keys[i];
        struct strings choices = { 0 };
        for (const char **c = k->choices; c != NULL && *c != NULL; c++)
            strings_add(&choices, *c);
        out_print(out, "  %-32s%s%s%s%s\n", text("--%s=%s ", k->name, k->value), k->doc == NULL ? "" : k->doc,
                  choices.count == 0 ? "" : " (", choices.count == 0 ? "" : strings_join(&choices, ", "),
                  choices.count == 0 ? "" : ")");
    }
}

static const char *option_name(const char *identifier)
{
    char *name = keep_string(identifier);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    return name;
}

static void print_args(struct out *out, const struct program *program)
{
    bool first = true;
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct description *d = program->instances[i].description;
        for (size_t k = 0; k < d->arg_count; k++) {
            const struct declared_arg *a = &d->args[k];
            if (first)
                out_print(out, "\narguments, read when the program starts\n");
            first = false;
            out_print(out, "  %-32s%s (%s)\n",
                      text("--%s%s%s ", option_name(a->name), a->value == NULL ? "" : "=",
                           a->value == NULL ? "" : a->value),
                      a->doc, instance_shown(&program->instances[i]));
        }
    }
}

static const struct declared_key *find_key(const struct description *d, const char *name)
{
    for (size_t i = 0; i < d->key_count; i++)
        if (strcmp(d->keys[i].name, name) == 0)
            return &d->keys[i];
    return NULL;
}

/* Print the constants that the configuration sets, with the values that they accept. */
static void print_settings(struct out *out, const struct program *program)
{
    bool first = true;
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct instance *instance = &program->instances[i];
        const struct functor *f = instance->value->functor;
        for (size_t s = 0; s < f->setting_count; s++) {
            const struct declared_key *key = find_key(instance->description, f->settings[s].name);
            if (key == NULL || f->settings[s].value == NULL)
                continue;
            if (first)
                out_print(out, "\nconstants that the configuration sets\n");
            first = false;
            const char *range = declared_key_range(key);
            out_print(out, "  %-32s%s (%sof %s)\n", text("%s=%s ", key->name, f->settings[s].value), key->doc,
                      *range == '\0' ? "" : text("%s, ", range), instance_shown(instance));
        }
    }
}

/* Print each pure library that modules use, with these modules. */
static void print_libraries(struct out *out, const struct program *program)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct strings *uses = &program->instances[i].description->uses;
        for (size_t k = 0; k < uses->count; k++)
            if (!strings_has(&names, uses->items[k]))
                strings_add(&names, uses->items[k]);
    }
    if (names.count > 0)
        out_print(out, "\npure libraries, and what names them\n");
    for (size_t n = 0; n < names.count; n++) {
        struct strings users = { 0 };
        for (size_t i = 0; i < program->instance_count; i++)
            if (strings_has(&program->instances[i].description->uses, names.items[n]))
                strings_add(&users, program->instances[i].name);
        out_print(out, "  %-32s%s\n", text("base/%s ", names.items[n]), strings_join(&users, ", "));
    }
}

char *picture_text(const struct project *p, const struct program *program)
{
    struct out out = { 0 };
    bool *seen = keep((program->instance_count + 1) * sizeof *seen);
    out_print(&out, "%s for %s%s\n", p->name, p->target->name, p->release ? ", release" : "");
    for (size_t i = 0; i < program->graph->job_count; i++) {
        const struct job *job = &program->graph->jobs[i];
        out_print(&out, "\njob \"%s\" (%s:%d)\n", job->name, path_name(job->place.file), job->place.line);
        print_tree(&out, p, &program->instances[job->value->id], "", "  ", seen);
    }
    print_keys(&out, program->graph);
    print_settings(&out, program);
    print_args(&out, program);
    print_libraries(&out, program);
    return out_keep(&out);
}

char *picture_dot(const struct project *p, const struct program *program)
{
    struct out out = { 0 };
    out_print(&out,
              "digraph \"%s\" {\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", "
              "fillcolor=\"#eef3f8\", color=\"#5a7184\", fontname=\"sans-serif\", fontsize=11];\n"
              "  edge [color=\"#5a7184\", fontname=\"sans-serif\", fontsize=9];\n",
              p->name);
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct instance *instance = &program->instances[i];
        bool job = strcmp(instance->description->module->signature, "JOB") == 0;
        out_print(&out, "  \"%s\" [label=\"%s\\n%s\"%s];\n", instance->name, instance->name,
                  instance->description->module->signature,
                  job                                       ? ", fillcolor=\"#fdf1d6\""
                  : instance->description->param_count == 0 ? ", fillcolor=\"#e6f4e6\""
                                                            : "");
        for (size_t k = 0; k < instance->description->param_count; k++)
            out_print(&out, "  \"%s\" -> \"%s\" [label=\"%s\"];\n", instance->name, instance->params[k]->name,
                      instance->description->params[k].name);
    }
    out_print(&out, "}\n");
    return out_keep(&out);
}

static json_t *args_json(const struct description *d)
{
    json_t *args = json_array();
    for (size_t i = 0; i < d->arg_count; i++)
        json_array_append_new(args,
                              json_pack("{s:s, s:s, s:s?, s:s}", "name", option_name(d->args[i].name), "type",
                                        d->args[i].type, "default", d->args[i].value, "doc", d->args[i].doc));
    return args;
}

static json_t *uses_json(const struct description *d)
{
    json_t *uses = json_array();
    for (size_t i = 0; i < d->uses.count; i++)
        json_array_append_new(uses, json_string(d->uses.items[i]));
    return uses;
}

/* Add the bounds of an int, or the values of an enum. */
static void add_range(json_t *to, const struct declared_key *key)
{
    if (key->choices.count > 0) {
        json_t *values = json_array();
        for (size_t i = 0; i < key->choices.count; i++)
            json_array_append_new(values, json_string(key->choices.items[i]));
        json_object_set_new(to, "values", values);
    }
    if (key->least != INT64_MIN)
        json_object_set_new(to, "least", json_integer(key->least));
    if (key->most != INT64_MAX)
        json_object_set_new(to, "most", json_integer(key->most));
}

static json_t *keys_json(const struct description *d)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < d->key_count; i++) {
        const struct declared_key *k = &d->keys[i];
        json_t *key = json_pack("{s:s, s:s, s:s, s:s}", "name", k->name, "kind", k->kind, "default", k->value,
                                "doc", k->doc);
        add_range(key, k);
        json_array_append_new(keys, key);
    }
    return keys;
}

char *picture_json(const struct project *p, const struct program *program)
{
    json_t *instances = json_array(), *jobs = json_array(), *keys = json_array();
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct instance *instance = &program->instances[i];
        json_t *params = json_object();
        for (size_t k = 0; k < instance->description->param_count; k++)
            json_object_set_new(params, instance->description->params[k].name,
                                json_string(instance->params[k]->name));
        json_array_append_new(
            instances,
            json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name", instance->name, "signature",
                      instance->description->module->signature, "source",
                      shown_source(p, instance->value->functor->source), "place",
                      text("%s:%d", path_shown(instance->value->place.file), instance->value->place.line),
                      "parameters", params, "keys", keys_json(instance->description), "arguments",
                      args_json(instance->description), "uses", uses_json(instance->description)));
    }
    for (size_t i = 0; i < program->graph->job_count; i++)
        json_array_append_new(jobs, json_pack("{s:s, s:s}", "name", program->graph->jobs[i].name, "instance",
                                              program->instances[program->graph->jobs[i].value->id].name));
    for (size_t i = 0; i < program->graph->key_count; i++)
        json_array_append_new(keys,
                              json_pack("{s:s, s:s, s:s?}", "name", program->graph->keys[i].name, "value",
                                        program->graph->keys[i].value, "doc", program->graph->keys[i].doc));
    json_t *all = json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", p->name, "target", p->target->name, "jobs",
                            jobs, "instances", instances, "keys", keys);
    char *data = json_dumps(all, JSON_INDENT(2));
    char *kept = data == NULL ? NULL : text("%s\n", data);
    json_decref(all);
    free(data);
    return kept;
}
