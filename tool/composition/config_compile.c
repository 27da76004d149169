/* Compiles config.c to a shared object when something that it is made from has changed. */
#include "base/files.h"
#include "base/hash.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "composition/evaluate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"
#include "base/process.h"
#include "base/stamp.h"

static void compile_flags(const struct evaluation *e, struct strings *argv)
{
    const struct compiler *compiler = e->compiler;
    static const char *const flags[] = { "-std=gnu17",
                                         "-fPIC",
                                         "-g",
                                         "-O0",
                                         "-fno-strict-aliasing",
                                         "-Ulinux",
                                         "-Uunix",
                                         "-Wall",
                                         "-Werror=return-type",
                                         "-Werror=uninitialized",
                                         "-Werror=unused-result" };
    strings_add_all(argv, flags, sizeof flags / sizeof *flags);
    strict_flags(argv);
    messages_flags(compiler->is_clang, argv);
    strings_add(argv, "-I");
    strings_add(argv, compiler->include);
    strings_add(argv, "-I");
    strings_add(argv, compiler->root);
    strings_add(argv, "-I");
    strings_add(argv, e->library_folder);
}

static uint64_t identity(const struct evaluation *e, const char *config, const struct strings *flags)
{
    const char *version = e->compiler->version != NULL ? e->compiler->version : "";
    const char *all = text("%s\n%s\n%s\n%s\n%s", strings_join(flags, " "), e->compiler->cc, version, config,
                           e->library_folder);
    return hash_bytes(0, all, strlen(all));
}

static bool compile(const struct evaluation *e, const char *config, const struct strings *flags,
                    const char *object, const char *depfile)
{
    struct strings argv = { 0 };
    struct messages messages;
    compiler_words(e->compiler, &argv);
    strings_add_all(&argv, flags->items, flags->count);
    const char *const rest[] = { "-MD", "-MF", depfile, "-c", "-o", object, config };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    struct command command = { .argv = argv.items };
    bool ok = run_all(&command, 1);
    messages_read(command.err, (const char *const[]){ e->compiler->include, e->library_folder, NULL },
                  &messages);
    messages_show(&messages);
    if (!ok && messages.errors == 0)
        error_at(config, 0, "%s could not compile it: %s", e->compiler->cc, command.err);
    return ok;
}

/*
 * Report each "FILE:LINE: undefined reference to `NAME'" of the linker, with the linker's own name before it
 * or not. Returns whether there were any.
 */
static bool tell_undefined(char *printed, const char *config)
{
    static const char between[] = ": undefined reference to `";
    struct strings told = { 0 };
    char *rest;
    for (char *s = strtok_r(printed, "\n", &rest); s != NULL; s = strtok_r(NULL, "\n", &rest)) {
        char *found = strstr(s, between), *end;
        if (found == NULL || (end = strchr(found + sizeof between - 1, '\'')) == NULL)
            continue;
        *found = *end = '\0';
        const char *name = found + sizeof between - 1, *colon = strrchr(s, ':'), *file = strchr(s, '/');
        int line = colon == NULL ? 0 : atoi(colon + 1);
        if (strings_has(&told, name))
            continue;
        strings_add(&told, name);
        bool placed = line > 0 && file != NULL;
        const char *path = placed ? keep_bytes(file, (size_t)(colon - file)) : config;
        /* In "/usr/bin/ld: /home/…/config.c" the path follows the last space after a colon. */
        for (const char *ld; (ld = strstr(path, ": ")) != NULL;)
            path = ld + 2;
        error_at(path, placed ? line : 0, "'%s' is declared and used, but nothing defines it", name);
    }
    return told.count > 0;
}

static bool link_object(const struct evaluation *e, const char *config, const char *object,
                        const char *library)
{
    struct strings argv = { 0 };
    compiler_words(e->compiler, &argv);
    const char *const rest[] = { "-shared",
                                 "-Wl,-z,defs",
                                 "-o",
                                 library,
                                 object,
                                 path_join(e->library_folder, "libmirage-config.so"),
                                 text("-Wl,-rpath,%s", e->library_folder) };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    struct command command = { .argv = argv.items };
    if (run_all(&command, 1))
        return true;
    if (!tell_undefined(keep_string(command.err), config))
        error_at(config, 0, "the configuration does not link: %s", command.err);
    return false;
}

const char *config_compile(const struct evaluation *e, const char *config)
{
    const char *object = path_join(e->cache, "config.o"), *library = path_join(e->cache, "config.so");
    const char *stamp = path_join(e->cache, "config.stamp"), *depfile = path_join(e->cache, "config.d");
    struct strings flags = { 0 }, inputs = { 0 };

    compile_flags(e, &flags);
    uint64_t key = identity(e, config, &flags);
    if (file_exists(library) && stamp_fresh(stamp, key, NULL))
        return library;
    if (!folder_make(e->cache) || !compile(e, config, &flags, object, depfile) ||
        !link_object(e, config, object, library))
        return NULL;
    if (!depfile_read(depfile, &inputs)) {
        error("cannot read %s", path_shown(depfile));
        return NULL;
    }
    return stamp_write(stamp, key, &inputs) ? library : NULL;
}
