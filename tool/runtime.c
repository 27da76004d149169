/* The runtime's objects: compiled once for each compiler and set of flags, and shared by every application. */
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "project.h"
#include "run.h"
#include "stamp.h"

static const char *cache_folder(void)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    if (cache != NULL && *cache == '/')
        return text("%s/mirage", cache);
    const char *home = getenv("HOME");
    return home != NULL && *home == '/' ? text("%s/.cache/mirage", home) : "/tmp/mirage-cache";
}

static bool runtime_sources(const struct project *p, struct strings *out)
{
    static const char *const kinds[] = { "*.c", "*.S" };
    for (const char *const *folder = p->target->folders; *folder != NULL; folder++)
        for (size_t k = 0; k < 2; k++) {
            glob_t found;
            if (glob(text("%s/%s/%s", p->installation.root, *folder, kinds[k]), 0, NULL, &found) != 0)
                continue;
            for (size_t i = 0; i < found.gl_pathc; i++)
                strings_add(out, keep_string(found.gl_pathv[i]));
            globfree(&found);
        }
    if (out->count == 0)
        error("the runtime's sources are not in %s; set MIRAGE_ROOT to where mirage is installed", p->installation.root);
    return out->count > 0;
}

static const char *object_name(const struct project *p, const char *source)
{
    char *name = keep_string(source + strlen(p->installation.root) + 1);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    return text("%s.o", name);
}

static bool write_ninja(const char *folder, const struct project *p, const struct strings *sources)
{
    struct out out = { 0 };
    out_print(&out, "# Made by mirage.\nninja_required_version = 1.8\nrule compile\n"
                    "  command = %s %s -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n  description = compile $in\n",
              p->compiler.cc, strings_join(&p->compile_flags, " "));
    for (size_t i = 0; i < sources->count; i++)
        out_print(&out, "build %s: compile %s\n", object_name(p, sources->items[i]), sources->items[i]);
    bool ok = file_write(text("%s/build.ninja", folder), out.data, out.len);
    out_free(&out);
    return ok;
}

static void add_headers(const char *folder, struct strings *inputs)
{
    glob_t found;
    if (glob(text("%s/*.h", folder), 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        strings_add(inputs, keep_string(found.gl_pathv[i]));
    globfree(&found);
}

bool runtime_build(struct project *p, struct strings *objects, struct strings *inputs)
{
    struct strings sources = { 0 };
    if (!runtime_sources(p, &sources))
        return false;
    const char *flags = strings_join(&p->compile_flags, " ");
    uint64_t key = hash_bytes(3, flags, strlen(flags));
    key = hash_bytes(key, p->compiler.version, strlen(p->compiler.version));
    key = hash_bytes(key, p->installation.root, strlen(p->installation.root));
    key = hash_bytes(key, p->target->name, strlen(p->target->name));
    const char *folder = text("%s/runtime-%s-%016" PRIx64, cache_folder(), p->target->name, key);
    if (!folder_make(folder) || !write_ninja(folder, p, &sources))
        return false;
    const char *const argv[] = { "ninja", "--quiet", "-C", folder, NULL };
    struct command command = { .argv = argv };
    if (!run_all(&command, 1)) {
        error("the runtime does not compile with %s:", p->compiler.cc);
        fputs(command.out, stderr);
        fputs(command.err, stderr);
        return false;
    }
    for (size_t i = 0; i < sources.count; i++) {
        strings_add(objects, text("%s/%s", folder, object_name(p, sources.items[i])));
        strings_add(inputs, sources.items[i]);
    }
    /* A source that is added, a header that changes. */
    for (const char *const *below = p->target->folders; *below != NULL; below++) {
        strings_add(inputs, text("%s/%s", p->installation.root, *below));
        add_headers(text("%s/%s", p->installation.root, *below), inputs);
    }
    add_headers(text("%s/mirage", p->installation.include), inputs);
    return true;
}
