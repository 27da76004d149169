#include "project/update.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/report.h"
#include "base/stamp.h"
#include "base/strings.h"
#include "composition/evaluate.h"
#include "emission/generate.h"
#include "emission/instance.h"
#include "emission/objects.h"
#include "emission/undefined.h"
#include "project/compilers.h"

/* Collect the distinct sources of the values' functors. which[i] receives the index of value i's source. */
static void distinct_sources(const struct graph *g, struct strings *sources, size_t *which)
{
    for (size_t i = 0; i < g->value_count; i++) {
        const char *source = g->values[i]->functor->source;
        size_t k = 0;
        while (k < sources->count && strcmp(sources->items[k], source) != 0)
            k++;
        if (k == sources->count)
            strings_add(sources, source);
        which[i] = k;
    }
}

static bool sources_exist(const struct graph *g)
{
    for (size_t i = 0; i < g->value_count; i++) {
        const struct functor *f = g->values[i]->functor;
        if (file_exists(f->source) || folder_exists(f->source)) {
            if (!can_include(f->source, &f->place))
                return false;
            continue;
        }
        error_at(f->place.file, f->place.line, "there is no file %s; foreign() names it relative to %s",
                 path_shown(f->source), path_shown(g->config));
        return false;
    }
    return true;
}

static const char *evaluation_cache(const struct project *p)
{
    return text("%s/%s", p->cache, path_name(p->config));
}

bool project_compose(struct project *p, const struct choices *chosen, struct program *out)
{
    struct graph *graph = keep(sizeof *graph);
    struct evaluation evaluation = {
        .config = p->config,
        .compiler = &p->compiler,
        .root = p->installation.root,
        .library_folder = p->installation.library_folder,
        .cache = evaluation_cache(p),
        .target = p->target,
        .given_count = chosen->keys.count,
        .given = choices_keys(chosen),
    };
    if (!evaluate(&evaluation, graph) || !sources_exist(graph))
        return false;
    struct strings sources = { 0 };
    size_t *which = keep((graph->value_count + 1) * sizeof *which);
    distinct_sources(graph, &sources, which);

    struct description *described;
    struct definitions *defined;
    if (!describe_all(&p->compiler, p->cache, sources.items, sources.count, &described) ||
        !check_all(&p->compiler, p->cache, described, sources.count, &defined))
        return false;
    struct description **descriptions = keep((graph->value_count + 1) * sizeof *descriptions);
    const struct definitions **definitions = keep((graph->value_count + 1) * sizeof *definitions);
    for (size_t i = 0; i < graph->value_count; i++) {
        descriptions[i] = &described[which[i]];
        definitions[i] = &defined[which[i]];
    }
    return bind_program(graph, descriptions, definitions, out) && check_settings(out);
}

static uint64_t choices_hash(const struct project *p, const struct choices *c)
{
    uint64_t h = 0;
    const char *const parts[] = { p->compiler.version,
                                  p->builder.version,
                                  strings_join(&p->compile_flags, " "),
                                  strings_join(&p->link_flags, " "),
                                  p->config,
                                  p->installation.root,
                                  strings_join(&c->keys, " ") };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        h = hash_bytes(h, parts[i], strlen(parts[i]) + 1);
    return h;
}

bool project_configure(struct project *p, const struct choices *chosen)
{
    const char *stamp = text("%s/stamp", p->build);
    uint64_t key = choices_hash(p, chosen);
    struct strings generated = { 0 };
    struct objects runtime, libraries = { .lock = -1 };
    struct program program;
    if (stamp_fresh(stamp, key, NULL))
        return choices_remember(p, chosen);
    if (!compilers_know_sanitizers(p) || !compilers_know_flags(p) || !objects_begin_runtime(p, &runtime))
        return false;
    struct strings objects = runtime.paths, inputs = runtime.inputs;
    bool composed = project_compose(p, chosen, &program);
    bool begun = composed && objects_begin_libraries(p, &program, &libraries);
    strings_add_all(&objects, libraries.paths.items, libraries.paths.count);
    strings_add_all(&inputs, libraries.inputs.items, libraries.inputs.count);
    bool ok = begun && generate(p, &program, &objects, &generated);
    ok = objects_end(p, &runtime) && ok;
    ok = (!composed || objects_end(p, &libraries)) && ok;
    if (!ok)
        return false;
    /* Results are inputs, too, so that a lost or changed file is noticed: the cache may have been emptied. */
    strings_add_all(&inputs, objects.items, objects.count);
    strings_add_all(&inputs, generated.items, generated.count);
    strings_add(&inputs, p->installation.tool);
    strings_add(&inputs, text("%s/libmirage-config.so", p->installation.library_folder));
    depfile_read(text("%s/config.d", evaluation_cache(p)), &inputs);
    for (size_t i = 0; i < program.instance_count; i++) {
        const struct strings *more = &program.instances[i].description->inputs;
        for (size_t k = 0; k < more->count; k++)
            if (!strings_has(&inputs, more->items[k]))
                strings_add(&inputs, more->items[k]);
    }
    return stamp_write(stamp, key, &inputs) && choices_remember(p, chosen);
}

bool project_build(struct project *p, const struct choices *chosen)
{
    struct program program;
    char *printed;
    if (!project_configure(p, chosen))
        return false;
    int status = run_ninja(p->build, &printed);
    if (status > 0 && project_compose(p, chosen, &program) && link_explain(p, &program, printed))
        return false;
    if (status >= 0)
        fputs(printed, stderr);
    if (status > 0)
        error("%s was not built; the messages above say why", p->name);
    return status == 0;
}
