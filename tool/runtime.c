/* The runtime's objects: compiled once for each compiler and set of flags, and shared by every application. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "project.h"
#include "run.h"

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

static const char *cache_of(const struct project *p)
{
    const char *flags = strings_join(&p->compile_flags, " ");
    uint64_t key = hash_bytes(3, flags, strlen(flags));
    key = hash_bytes(key, p->compiler.version, strlen(p->compiler.version));
    key = hash_bytes(key, p->installation.root, strlen(p->installation.root));
    key = hash_bytes(key, p->target->name, strlen(p->target->name));
    return text("%s/runtime-%s-%016" PRIx64, cache_folder(), p->target->name, key);
}

bool runtime_begin(const struct project *p, struct runtime *out)
{
    const char *folder = cache_of(p);
    *out = (struct runtime){ .log = text("%s/log", folder), .lock = -1 };
    if (!runtime_sources(p, &out->inputs) || !folder_make(folder) || !write_ninja(folder, p, &out->inputs))
        return false;
    for (size_t i = 0; i < out->inputs.count; i++)
        strings_add(&out->objects, text("%s/%s", folder, object_name(p, out->inputs.items[i])));
    /* A source that is added, a header that changes. */
    for (const char *const *below = p->target->folders; *below != NULL; below++) {
        strings_add(&out->inputs, text("%s/%s", p->installation.root, *below));
        add_headers(text("%s/%s", p->installation.root, *below), &out->inputs);
    }
    add_headers(text("%s/mirage", p->installation.include), &out->inputs);
    out->lock = open(text("%s/lock", folder), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (out->lock < 0 || flock(out->lock, LOCK_EX) != 0) {
        error("cannot lock %s: %s", folder, strerror(errno));
        return false;
    }
    const char *const argv[] = { "ninja", "-C", folder, NULL };
    out->process = run_begin(argv, out->log);
    return out->process != 0;
}

bool runtime_end(const struct project *p, struct runtime *runtime)
{
    int status = run_end(runtime->process);
    close(runtime->lock);
    if (status == 0)
        return true;
    const char *log = file_read(runtime->log, NULL);
    error("the runtime does not compile with %s:", p->compiler.cc);
    fputs(log == NULL ? "" : log, stderr);
    return false;
}
