/* Writes everything in the build folder: instances, main.c, build.ninja, compile_commands.json. */
#include "emission/generate.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/quote.h"
#include "base/report.h"
#include "base/strings.h"
#include "emission/instance.h"

static const char *instance_path(const struct project *project, const struct instance *instance)
{
    return text("%s/instances/%s.c", project->build, instance->name);
}

static bool write_text(const char *path, const char *data)
{
    return file_write(path, data, strlen(data));
}

void project_flags(struct project *p)
{
    bool clang = p->builder.is_clang;
    struct strings *c = &p->compile_flags, *l = &p->link_flags;
    functor_flags(&p->builder, c);
    if (p->builder.machine != NULL)
        strings_add(l, p->builder.machine);
    /* Debian 12's Valgrind, 3.19, cannot read Clang's DWARF 5. */
    strings_add(c, clang ? "-gdwarf-4" : "-g");
    strings_add(c, "-fstack-protector-strong");
    /* A function that takes more than a page of stack touches every page of it: none jumps over a guard. */
    strings_add(c, "-fstack-clash-protection");
    /* GCC takes the guards of AArch64 for 64 KiB. Clang before 18 lacks the protection there. */
    strings_add(c,
                clang ? "-Wno-unused-command-line-argument" : "--param=stack-clash-protection-guard-size=12");
    strings_add(c, "-ffunction-sections");
    strings_add(c, "-fdata-sections");
    if (clang)
        strings_add(c, "-Wno-pragmas");
    if (p->sanitize != NULL) {
        strings_add(c, text("-fsanitize=%s", p->sanitize));
        strings_add(c, "-fno-omit-frame-pointer");
        strings_add(c, "-fno-sanitize-recover=all");
        strings_add(l, text("-fsanitize=%s", p->sanitize));
    }
    if (p->release) {
        strings_add(c, "-O2");
        strings_add(c, "-DNDEBUG");
        strings_add(c, clang ? "-flto=thin" : "-flto");
        strings_add(l, "-O2");
        strings_add(l, clang ? "-flto=thin" : "-flto=auto");
        if (!clang)
            strings_add(l, "-Werror=lto-type-mismatch");
        if (clang) {
            strings_add(l, "-fuse-ld=lld");
            strings_add(l, "-Wl,--thinlto-cache-dir=thinlto");
            /*
             * The default limits do not inline functions as large as those of a thin layer. A thin layer
             * should cost nothing.
             */
            strings_add(l, "-Wl,-mllvm,-import-instr-limit=300,-mllvm,-inline-threshold=400");
        }
    } else {
        strings_add(c, "-Og");
    }
    strings_add(l, "-g");
    for (const char *const *flag = p->target->compile_flags; flag != NULL && *flag != NULL; flag++)
        strings_add(c, *flag);
    for (const char *const *flag = target_link_flags(p->target); *flag != NULL; flag++)
        strings_add(l, *flag);
    if (p->target->linker_script != NULL)
        strings_add(l, text("-T%s/%s", p->installation.root, p->target->linker_script));
    /* Flags such as -m32 and -fsanitize are needed to link, too. */
    strings_add_all(c, p->given_cflags.items, p->given_cflags.count);
    strings_add_all(l, p->given_cflags.items, p->given_cflags.count);
    strings_add_all(l, p->given_ldflags.items, p->given_ldflags.count);
}

/* The command that asks pkg-config. The libraries of another processor have a folder of their own. */
static const char *const *ask_pkg_config(const struct project *p, const char *what, const char *library)
{
    struct strings argv = { 0 };
    if (arch_is_foreign(p->arch)) {
        const char *triplet = p->arch->triplet;
        strings_add(&argv, "env");
        strings_add(&argv,
                    text("PKG_CONFIG_LIBDIR=/usr/lib/%s/pkgconfig:/usr/%s/lib/pkgconfig", triplet, triplet));
    }
    strings_add(&argv, "pkg-config");
    strings_add(&argv, what);
    strings_add(&argv, library);
    return argv.items;
}

/* The system libraries that the instance's source and the configuration name. */
static struct strings libraries_of(const struct instance *instance)
{
    struct strings all = { 0 };
    const struct functor *f = instance->value->functor;
    strings_add_all(&all, instance->description->libraries.items, instance->description->libraries.count);
    strings_add_all(&all, f->libraries, f->library_count);
    return all;
}

/* Append the flags that pkg-config gives for the functors' system libraries. */
static bool library_flags(const struct project *p, const struct program *program, struct strings *compile,
                          struct strings *link)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < program->instance_count; i++) {
        struct strings needed = libraries_of(&program->instances[i]);
        for (size_t k = 0; k < needed.count; k++) {
            const char *lib = needed.items[k];
            if (strings_has(&names, lib))
                continue;
            strings_add(&names, lib);
            struct command commands[] = { { .argv = ask_pkg_config(p, "--cflags", lib) },
                                          { .argv = ask_pkg_config(p, "--libs", lib) } };
            if (!run_all(commands, 2)) {
                const struct functor *f = program->instances[i].value->functor;
                error_at(
                    f->place.file, f->place.line,
                    "%s needs the system library '%s', which pkg-config does not find%s; install its -dev "
                    "package",
                    program->instances[i].name, lib,
                    arch_is_foreign(p->arch) ? text(" for %s", p->arch->name) : "");
                return false;
            }
            struct strings *to[] = { compile, link };
            for (int c = 0; c < 2; c++)
                for (char *save, *word = strtok_r(commands[c].out, " \n", &save); word != NULL;
                     word = strtok_r(NULL, " \n", &save))
                    strings_add(to[c], word);
        }
    }
    return true;
}

static void print_rules(struct out *out, const struct project *p, const struct strings *compile,
                        const struct strings *link)
{
    struct strings cc = { 0 };
    compiler_words(&p->builder, &cc);
    out_print(out, "# Made by mirage.\nninja_required_version = 1.8\ncc = %s%s%s\n",
              shell_words(cc.items, cc.count), p->builder.machine == NULL ? "" : " ",
              p->builder.machine == NULL ? "" : shell_word(p->builder.machine));
    out_print(out, "tools = %s\nroot = %s\n", arch_is_foreign(p->arch) ? text("%s-", p->arch->triplet) : "",
              shell_word(p->installation.root));
    out_print(out, "cflags = %s %s\n", shell_words(p->compile_flags.items, p->compile_flags.count),
              shell_words(compile->items, compile->count));
    out_print(out, "ldflags = %s %s\n", shell_words(p->link_flags.items, p->link_flags.count),
              shell_words(link->items, link->count));
    /* Warnings are off, because the functor's own were shown when it was checked by itself. */
    out_print(out, "rule compile\n  command = $cc $cflags -w -MMD -MF $out.d -c $in -o $out\n  depfile = "
                   "$out.d\n  deps = gcc\n  description = compile $name\n");
    out_print(out, "rule assemble\n  command = $cc -c $in -o $out\n  description = assemble $name\n");
    out_print(out,
              "rule crunch\n  command = %s --name $name -o $out --depfile $out.d $args\n  depfile = $out.d\n "
              " deps = gcc\n  description = crunch $name\n",
              shell_word(p->installation.crunch));
    out_print(out, "rule link\n  command = LC_ALL=C %s\n  description = link %s\n",
              p->target->link == NULL ? "$cc -o $out $in $ldflags" : p->target->link, ninja_path(p->name));
    for (const struct target_step *s = p->target->after; s != NULL && s->suffix != NULL; s++)
        out_print(out, "rule %s\n  command = %s\n  description = %s %s\n", s->description, s->command,
                  s->description, ninja_path(p->name));
    out_print(out, "\n");
}

static void print_generator(struct out *out, const struct graph *graph, const struct instance *instance,
                            struct strings *objects)
{
    const struct generated_line *line = instance->description->generated;
    struct strings args = { 0 };
    for (size_t i = 0; i < line->keys.count; i++) {
        const struct declared_key *key = declared_key(instance->description, line->keys.items[i]);
        const char *argument = generated_argument(graph, instance->value->functor, key);
        if (argument != NULL)
            strings_add(&args, argument);
    }
    out_print(out, "build data/%s.S: %s\n  name = %s_data\n  args = %s\n", instance->name, line->program,
              instance->name, shell_words(args.items, args.count));
    out_print(out, "build data/%s.o: assemble data/%s.S\n  name = %s_data\n", instance->name, instance->name,
              instance->name);
    strings_add(objects, text("data/%s.o", instance->name));
}

/* Print the rules for the program and for what is made from it. */
static void print_program(struct out *out, const struct project *p, const struct strings *objects)
{
    const char *made = ninja_path(p->name), *script = p->target->linker_script;
    out_print(out, "build %s: link %s%s\n", made, strings_join(objects, " "),
              script == NULL ? "" : text(" | %s", ninja_path(path_join(p->installation.root, script))));
    for (const struct target_step *s = p->target->after; s != NULL && s->suffix != NULL; s++) {
        const char *next = ninja_path(text("%s%s", p->name, s->suffix));
        out_print(out, "build %s: %s %s\n", next, s->description, made);
        made = next;
    }
    out_print(out, "default %s\n", made);
}

static bool write_ninja(const struct project *p, const struct program *program, const struct strings *shared)
{
    struct out out = { 0 };
    struct strings compile = { 0 }, link = { 0 }, objects = { 0 };
    if (!library_flags(p, program, &compile, &link))
        return false;
    print_rules(&out, p, &compile, &link);
    /* No instance has this name, because a dot is not part of a C name. */
    strings_add(&objects, "objects/main.c.o");
    out_print(&out, "build objects/main.c.o: compile main.c\n  name = main.c\n");
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct instance *instance = &program->instances[i];
        out_print(&out, "build objects/%s.o: compile instances/%s.c\n  name = %s\n", instance->name,
                  instance->name, instance->name);
        strings_add(&objects, text("objects/%s.o", instance->name));
        if (instance->description->generated != NULL)
            print_generator(&out, program->graph, instance, &objects);
    }
    for (size_t i = 0; i < shared->count; i++)
        strings_add(&objects, ninja_path(shared->items[i]));
    print_program(&out, p, &objects);
    bool ok = file_write(text("%s/build.ninja", p->build), out.data, out.len);
    out_free(&out);
    return ok;
}

static json_t *compile_command(const struct project *p, const char *file, const char *const *more)
{
    struct strings argv = { 0 };
    compiler_words(&p->compiler, &argv);
    functor_flags(&p->compiler, &argv);
    strings_add(&argv, "-Wall");
    strings_add(&argv, "-Wextra");
    for (; more != NULL && *more != NULL; more++)
        strings_add(&argv, *more);
    strings_add(&argv, "-c");
    strings_add(&argv, file);
    json_t *words = json_array();
    for (size_t i = 0; i < argv.count; i++)
        json_array_append_new(words, json_string(argv.items[i]));
    return json_pack("{s:s, s:s, s:o}", "directory", p->folder, "file", file, "arguments", words);
}

/* Tell editors how to read each functor's file: by itself, against its signatures. */
static bool write_compile_commands(const struct project *p, const struct program *program)
{
    json_t *all = json_array();
    struct strings seen = { 0 };
    json_array_append_new(
        all, compile_command(p, p->config,
                             (const char *const[]){ text("-I%s", p->installation.library_folder), NULL }));
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct strings *files = &program->instances[i].description->files;
        for (size_t k = 0; k < files->count; k++) {
            if (strings_has(&seen, files->items[k]))
                continue;
            strings_add(&seen, files->items[k]);
            json_array_append_new(all, compile_command(p, files->items[k], NULL));
        }
    }
    char *data = json_dumps(all, JSON_INDENT(2));
    json_decref(all);
    bool ok = data != NULL && write_text(text("%s/compile_commands.json", p->build), data);
    /* clangd looks for it next to the sources. A test's sources are those of the application. */
    if (ok && p->home == p->folder)
        ok = write_text(text("%s/compile_commands.json", p->folder), data);
    free(data);
    return ok;
}

static json_t *instance_json(const struct instance *instance)
{
    json_t *params = json_array(), *libraries = json_array();
    for (size_t i = 0; i < instance->description->param_count; i++)
        json_array_append_new(params, json_string(instance->params[i]->name));
    const struct strings needed = libraries_of(instance);
    for (size_t i = 0; i < needed.count; i++)
        json_array_append_new(libraries, json_string(needed.items[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", instance->name, "signature",
                     instance->description->module->signature, "source", instance->value->functor->source,
                     "place", text("%s:%d", instance->value->place.file, instance->value->place.line),
                     "parameters", params, "libraries", libraries);
}

static bool write_manifest(const struct project *p, const struct program *program)
{
    json_t *instances = json_array(), *jobs = json_array();
    for (size_t i = 0; i < program->instance_count; i++)
        json_array_append_new(instances, instance_json(&program->instances[i]));
    for (size_t i = 0; i < program->graph->job_count; i++)
        json_array_append_new(jobs, json_pack("{s:s, s:s}", "name", program->graph->jobs[i].name, "instance",
                                              program->instances[program->graph->jobs[i].value->id].name));
    json_t *manifest = json_pack("{s:s, s:s, s:s, s:b, s:s, s:o, s:o}", "name", p->name, "target",
                                 p->target->name, "arch", p->arch->name, "release", p->release, "compiler",
                                 p->builder.version, "instances", instances, "jobs", jobs);
    char *data = json_dumps(manifest, JSON_INDENT(2));
    bool ok = data != NULL && write_text(text("%s/manifest.json", p->build), data);
    json_decref(manifest);
    free(data);
    return ok;
}

bool generate(const struct project *p, const struct program *program, const struct strings *objects,
              struct strings *written)
{
    for (size_t i = 0; i < program->instance_count; i++) {
        const char *path = instance_path(p, &program->instances[i]);
        if (!write_text(path, instance_source(program->graph, &program->instances[i])))
            return false;
        strings_add(written, path);
    }
    static const char *const others[] = { "main.c", "build.ninja", "compile_commands.json", "manifest.json" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        strings_add(written, text("%s/%s", p->build, others[i]));
    return write_text(text("%s/main.c", p->build), main_source(p, program)) &&
           write_ninja(p, program, objects) && write_compile_commands(p, program) &&
           write_manifest(p, program);
}
