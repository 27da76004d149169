#include "project/update.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "composition/evaluate.h"
#include "emission/undefined.h"
#include "base/process.h"
#include "base/stamp.h"

static const char *choices_path(const struct project *p)
{
    return text("%s/_build/%s.choices", p->home, path_name(p->config));
}

static const char *kept_text(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));
    return s == NULL ? NULL : keep_string(s);
}

/* "net=socket", "fast" and "no-fast" are for the keys "net", "fast" and "fast". */
static const char *key_of(const char *word)
{
    size_t len = strcspn(word, "=");
    return word[len] == '\0' && strncmp(word, "no-", 3) == 0 ? word + 3 : keep_bytes(word, len);
}

static bool sets_key(const struct strings *words, const char *key)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(key_of(words->items[i]), key) == 0)
            return true;
    return false;
}

/* The keys of the last configure, but for those that this command line sets, and then its own. */
static void recall_keys(const json_t *was, struct choices *c)
{
    struct strings own = c->keys;
    const json_t *key;
    size_t i;
    c->keys = (struct strings){ 0 };
    json_array_foreach(was, i,
                       key) if (json_is_string(key) && !sets_key(&own, key_of(json_string_value(key))))
        strings_add(&c->keys, keep_string(json_string_value(key)));
    c->remembered = c->keys.count;
    strings_add_all(&c->keys, own.items, own.count);
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
    recall_keys(json_object_get(was, "keys"), c);
    json_decref(was);
}

static bool remember(const struct project *p, const struct choices *c)
{
    json_t *keys = json_array();
    for (size_t i = 0; i < c->keys.count; i++)
        json_array_append_new(keys, json_string(c->keys.items[i]));
    json_t *now = json_pack("{s:s, s:s?, s:s?, s:b, s:o}", "target", p->target->name, "cc", c->cc, "sanitize",
                            c->sanitize, "release", p->release, "keys", keys);
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
    for (char *save, *dir = path == NULL ? NULL : strtok_r(keep_string(path), ":", &save);
         found == NULL && dir != NULL; dir = strtok_r(NULL, ":", &save))
        if (access(text("%s/%s", dir, cc), X_OK) == 0)
            found = text("%s/%s", dir, cc);
    if (found == NULL) {
        error(
            "there is no compiler '%s' in PATH; install it, or name another one with --cc=gcc or --cc=clang",
            cc);
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
        if (!file_write(cache, version, strlen(version)) || !stamp_write(stamp, 1, &inputs))
            return false;
    }
    *out = (struct compiler){ .cc = cc,
                              .version = version,
                              .is_clang = strstr(version, "clang") != NULL,
                              .include = p->installation.include,
                              .root = p->installation.root };
    return true;
}

/* Generated C names sources in #include "…" and #line, where nothing stands for these characters. */
static bool can_include(const char *path, const struct place *place)
{
    const char *found = strpbrk(path, "\"\\\n");
    if (found == NULL)
        return true;
    const char *what = *found == '"'    ? "a quotation mark"
                       : *found == '\\' ? "a backslash"
                                        : "the end of a line";
    error_at(place == NULL ? path : place->file, place == NULL ? 0 : place->line,
             "there is %s in the path of %s, which C cannot include; rename the file or its folder", what,
             path);
    return false;
}

/* What generate() and ninja write into the build folder. */
static bool is_generated(const char *name)
{
    static const char *const generated[] = { "main.c",        "build.ninja", "compile_commands.json",
                                             "manifest.json", "stamp",       "instances",
                                             "objects",       "data",        "thinlto",
                                             ".ninja_log",    ".ninja_deps", NULL };
    return listed(generated, name);
}

bool project_open(const struct choices *choices, struct project *p, struct choices *chosen)
{
    *p = (struct project){ 0 };
    *chosen = *choices;
    if (!installation_find(&p->installation))
        return false;
    const char *folder = choices->folder == NULL ? "." : choices->folder;
    if (!folder_exists(folder)) {
        error_at(folder, 0,
                 file_exists(folder) ? "this is a file; name the folder that holds the application's config.c"
                                     : "there is no such folder");
        return false;
    }
    p->folder = path_absolute(folder);
    p->config = path_join(p->folder, choices->file == NULL ? "config.c" : choices->file);
    if (!can_include(p->folder, NULL) || !can_include(p->installation.root, NULL))
        return false;
    if (!file_exists(p->config)) {
        error_at(p->config, 0,
                 "there is no such file; `mirage new NAME` begins an application, and `mirage build FOLDER` "
                 "builds the one in FOLDER");
        return false;
    }
    p->home = choices->home == NULL ? p->folder : path_absolute(choices->home);
    recall(p, chosen);
    p->target = target_find(chosen->target);
    const char *cc = chosen->cc != NULL ? chosen->cc : getenv("CC");
    if (p->target == NULL || !find_compiler(p, cc == NULL || *cc == '\0' ? "cc" : cc, &p->compiler))
        return false;
    p->release = chosen->release > 0;
    p->sanitize = chosen->sanitize == NULL || strcmp(chosen->sanitize, "none") == 0 ? NULL : chosen->sanitize;

    const char *file = path_name(p->config);
    size_t file_len = strlen(file);
    if (file_len < 3 || strcmp(file + file_len - 2, ".c") != 0) {
        error_at(p->config, 0, "this is no configuration: one is a file in C, and its name ends in .c");
        return false;
    }
    bool main_config = strcmp(file, "config.c") == 0;
    p->name = path_name(p->folder);
    if (!main_config)
        p->name = keep_bytes(file, file_len - 2);
    /* The program lies beside what is generated. */
    if (is_generated(p->name)) {
        error("%s cannot be the program's name: the build folder has a file of that name already; rename the "
              "%s",
              p->name, main_config ? "folder" : "configuration");
        return false;
    }
    p->build =
        text("%s/_build/%s%s%s%s%s", p->home, p->target->name, p->release ? "-release" : "",
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

/* "net=socket" sets a key to a text; "fast" and "no-fast" set one of yes and no. */
static const struct given_key *given_keys(const struct choices *c)
{
    struct given_key *given = keep((c->keys.count + 1) * sizeof *given);
    for (size_t i = 0; i < c->keys.count; i++) {
        const char *word = c->keys.items[i], *equals = strchr(word, '=');
        const char *value = equals != NULL ? equals + 1 : strncmp(word, "no-", 3) == 0 ? "false" : NULL;
        given[i] = (struct given_key){ key_of(word), value, i < c->remembered };
    }
    return given;
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
        .given = given_keys(chosen),
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
                                  strings_join(&p->compile_flags, " "),
                                  strings_join(&p->link_flags, " "),
                                  p->config,
                                  p->installation.root,
                                  strings_join(&c->keys, " ") };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        h = hash_bytes(h, parts[i], strlen(parts[i]) + 1);
    return h;
}

static bool knows_sanitizers(const struct project *p)
{
    if (p->sanitize == NULL)
        return true;
    const char *const argv[] = { p->compiler.cc,
                                 text("-fsanitize=%s", p->sanitize),
                                 "-x",
                                 "c",
                                 "-S",
                                 "-o",
                                 "/dev/null",
                                 "/dev/null",
                                 NULL };
    struct command command = { .argv = argv };
    if (run_all(&command, 1))
        return true;
    error("%s cannot build with --sanitize=%s; address and undefined are among those that it knows, and none "
          "is for none",
          p->compiler.cc, p->sanitize);
    return false;
}

bool project_configure(struct project *p, const struct choices *chosen)
{
    const char *stamp = text("%s/stamp", p->build);
    uint64_t key = choices_hash(p, chosen);
    struct strings generated = { 0 };
    struct objects runtime, libraries = { .lock = -1 };
    struct program program;
    if (stamp_fresh(stamp, key, NULL))
        return remember(p, chosen);
    if (!knows_sanitizers(p) || !objects_begin_runtime(p, &runtime))
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
    /* What was made counts too: a cache that was emptied, a generated file that was lost or changed. */
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
    return stamp_write(stamp, key, &inputs) && remember(p, chosen);
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
