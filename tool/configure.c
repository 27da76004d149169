#include "configure.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evaluate.h"
#include "run.h"
#include "stamp.h"

static const char *choices_path(const struct project *p)
{
    return text("%s/_build/%s.choices", p->home, path_name(p->config));
}

static const char *kept_text(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s == NULL ? NULL : keep_string(s);
}

/* What the last configure chose, for whatever this command line leaves open. */
static void recall(const struct project *p, struct choices *c)
{
    json_t *was = json_load_file(choices_path(p), 0, NULL);
    if (was == NULL)
        return;
    if (c->target == NULL)
        c->target = kept_text(was, "target");
    if (c->cc == NULL)
        c->cc = kept_text(was, "cc");
    if (c->sanitize == NULL)
        c->sanitize = kept_text(was, "sanitize");
    if (c->release < 0)
        c->release = json_is_true(json_object_get(was, "release"));
    if (c->keys.count == 0) {
        json_t *keys = json_object_get(was, "keys"), *key;
        size_t i;
        json_array_foreach(keys, i, key)
            strings_add(&c->keys, keep_string(json_string_value(key)));
    }
    json_decref(was);
}

static bool remember(const struct project *p, const struct choices *c)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < c->keys.count; i++)
        json_array_append_new(keys, json_string(c->keys.items[i]));
    json_t *now = json_pack("{s:s, s:s?, s:s?, s:b, s:o}", "target", p->target->name, "cc", c->cc,
                            "sanitize", c->sanitize, "release", p->release, "keys", keys);
    char *data = json_dumps(now, JSON_INDENT(2));
    bool ok = data != NULL && file_write(choices_path(p), data, strlen(data));
    json_decref(now);
    free(data);
    return ok;
}

/* The compiler's --version costs 2 ms; it is asked again only when the compiler's file changes. */
static bool find_compiler(const struct project *p, const char *cc, struct compiler *out)
{
    const char *path = getenv("PATH"), *found = NULL;
    if (strchr(cc, '/') != NULL)
        found = cc;
    for (char *save, *dir = path == NULL ? NULL : strtok_r(keep_string(path), ":", &save); found == NULL && dir != NULL; dir = strtok_r(NULL, ":", &save))
        if (access(text("%s/%s", dir, cc), X_OK) == 0)
            found = text("%s/%s", dir, cc);
    if (found == NULL) {
        error("there is no compiler '%s' in PATH; install it, or name another one with --cc=gcc or --cc=clang", cc);
        return false;
    }
    struct strings inputs = { 0 };
    const char *cache = text("%s/_build/compiler-%016" PRIx64, p->home, hash_bytes(0, found, strlen(found)));
    const char *stamp = text("%s.stamp", cache);
    char *version = stamp_fresh(stamp, 1, NULL) ? file_read(cache, NULL) : NULL;
    if (version == NULL) {
        const char *const argv[] = { found, "--version", NULL };
        struct command command = { .argv = argv };
        if (!run_all(&command, 1)) {
            error("%s --version failed; is it a C compiler?", cc);
            return false;
        }
        version = keep_bytes(command.out, strcspn(command.out, "\n"));
        strings_add(&inputs, found);
        if (file_write(cache, version, strlen(version)))
            stamp_write(stamp, 1, &inputs);
    }
    *out = (struct compiler){ .cc = cc, .version = version, .is_clang = strstr(version, "clang") != NULL, .include = p->installation.include };
    return true;
}

bool project_open(const struct choices *choices, struct project *p, struct choices *chosen)
{
    *p = (struct project){ 0 };
    *chosen = *choices;
    if (!installation_find(&p->installation))
        return false;
    const char *folder = choices->folder == NULL ? "." : choices->folder;
    if (!folder_exists(folder)) {
        error_at(folder, 0, file_exists(folder) ? "this is a file; name the folder that holds the application's config.c" : "there is no such folder");
        return false;
    }
    p->folder = path_absolute(folder);
    p->config = path_join(p->folder, choices->file == NULL ? "config.c" : choices->file);
    if (!file_exists(p->config)) {
        error_at(p->config, 0, "there is no such file; `mirage new NAME` begins an application, and `mirage build FOLDER` builds the one in FOLDER");
        return false;
    }
    p->home = choices->home == NULL ? p->folder : path_absolute(choices->home);
    recall(p, chosen);
    p->target = target_find(chosen->target == NULL ? "linux" : chosen->target);
    const char *cc = chosen->cc != NULL ? chosen->cc : getenv("CC");
    if (p->target == NULL || !find_compiler(p, cc == NULL || *cc == '\0' ? "cc" : cc, &p->compiler))
        return false;
    p->release = chosen->release > 0;
    p->sanitize = chosen->sanitize == NULL || strcmp(chosen->sanitize, "none") == 0 ? NULL : chosen->sanitize;

    const char *file = path_name(p->config);
    bool main_config = strcmp(file, "config.c") == 0;
    p->name = path_name(p->folder);
    if (!main_config)
        p->name = keep_bytes(file, strlen(file) - (strlen(file) > 2 ? 2 : 0));
    p->build = text("%s/_build/%s%s%s%s%s", p->home, p->target->name, p->release ? "-release" : "",
                    p->sanitize != NULL ? "-sanitize" : "", main_config ? "" : "-", main_config ? "" : p->name);
    p->cache = text("%s/_build/cache", p->home);
    p->binary = text("%s/%s", p->build, p->name);
    project_flags(p);
    return true;
}

/* The distinct sources among the values' functors; which[i] is that of value i. */
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
        if (file_exists(f->source) || folder_exists(f->source))
            continue;
        error_at(f->place.file, f->place.line, "there is no file %s; foreign() names it relative to %s", path_shown(f->source), path_shown(g->config));
        return false;
    }
    return true;
}

static const char *evaluation_cache(const struct project *p)
{
    return text("%s/%s", p->cache, path_name(p->config));
}

/* "net=socket" sets a key to a text; "fast" and "no-fast" set one of yes and no. */
static const struct given_key *given_keys(const struct strings *words)
{
    struct given_key *given = keep((words->count + 1) * sizeof *given);
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i], *equals = strchr(word, '=');
        if (equals != NULL)
            given[i] = (struct given_key){ keep_bytes(word, (size_t)(equals - word)), equals + 1 };
        else if (strncmp(word, "no-", 3) == 0)
            given[i] = (struct given_key){ word + 3, "false" };
        else
            given[i] = (struct given_key){ word, NULL };
    }
    return given;
}

bool project_compose(struct project *p, const struct choices *chosen, struct program *out)
{
    struct graph *graph = keep(sizeof *graph);
    struct evaluation evaluation = {
        .config = p->config, .compiler = &p->compiler, .root = p->installation.root, .library_folder = p->installation.library_folder,
        .cache = evaluation_cache(p), .target = p->target->name, .given_count = chosen->keys.count, .given = given_keys(&chosen->keys),
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
    const char *const parts[] = { p->compiler.version, strings_join(&p->compile_flags, " "), strings_join(&p->link_flags, " "),
                                  p->config, p->installation.root, strings_join(&c->keys, " ") };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        h = hash_bytes(h, parts[i], strlen(parts[i]) + 1);
    return h;
}

bool project_configure(struct project *p, const struct choices *chosen)
{
    const char *stamp = text("%s/stamp", p->build);
    uint64_t key = choices_hash(p, chosen);
    struct runtime runtime;
    struct program program;
    if (stamp_fresh(stamp, key, NULL) && file_exists(text("%s/build.ninja", p->build)))
        return remember(p, chosen);
    if (!runtime_begin(p, &runtime))
        return false;
    bool composed = project_compose(p, chosen, &program) && generate(p, &program, &runtime.objects);
    if (!runtime_end(p, &runtime) || !composed)
        return false;
    struct strings inputs = runtime.inputs;
    strings_add(&inputs, p->installation.tool);
    strings_add(&inputs, text("%s/libmirage-config.so", p->installation.library_folder));
    depfile_read(text("%s/config.d", evaluation_cache(p)), &inputs);
    for (size_t i = 0; i < program.instance_count; i++) {
        const struct strings *more = &program.instances[i].description->inputs;
        for (size_t k = 0; k < more->count; k++)
            if (!strings_has(&inputs, more->items[k]))
                strings_add(&inputs, more->items[k]);
    }
    return stamp_write(stamp, key, &inputs) && remember(p, chosen);
}

bool project_build(struct project *p, const struct choices *chosen)
{
    if (!project_configure(p, chosen))
        return false;
    int status = run_ninja(p->build);
    if (status > 0)
        error("%s was not built; the messages above say why", p->name);
    return status == 0;
}
