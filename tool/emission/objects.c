/* The objects are compiled once for each compiler and set of flags. */
#include "emission/objects.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/keep.h"
#include "base/lock.h"
#include "base/out.h"
#include "base/process.h"
#include "base/quote.h"
#include "base/report.h"
#include "base/stamp.h"
#include "base/strings.h"
#include "composition/libraries.h"

/* The most sources in a unit. More, smaller units give a second processor something to do. */
enum { UNIT_FILES = 8 };

static const char *flat_name(const char *path)
{
    char *name = keep_string(path);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '/')
            *c = '-';
    return name;
}

/*
 * Write a unit for the compiler from some of a folder's C sources. They are compiled together, because most
 * of the time goes into reading the headers. Names that LOG_SOURCE defines in each source are made distinct.
 */
static bool write_unit(const char *path, const char *const *sources, size_t count)
{
    struct out out = { 0 };
    out_print(&out, "/* Made by mirage. */\n");
    for (size_t i = 0; i < count; i++)
        out_print(&out, "#define log_source_here log_source_%zu\n#include \"%s\"\n#undef log_source_here\n",
                  i, sources[i]);
    bool ok = file_write(path, out.data, out.len);
    out_free(&out);
    return ok;
}

static void add_object(struct out *ninja, struct objects *objects, const char *cache, const char *name,
                       const char *source)
{
    out_print(ninja, "build %s.o: compile %s\n", name, ninja_path(source));
    strings_add(&objects->paths, text("%s/%s.o", cache, name));
}

/*
 * Add the C units and the assembly of a folder. A source that is added or a header that changes makes them
 * out of date, too.
 */
static bool add_folder(struct out *ninja, const struct project *p, const char *cache, const char *folder,
                       struct objects *objects)
{
    struct strings c = { 0 }, assembly = { 0 };
    const char *path = text("%s/%s", p->installation.root, folder);
    folder_files(path, ".c", &c);
    folder_files(path, ".S", &assembly);
    for (size_t i = 0; i < c.count; i += UNIT_FILES) {
        const char *name = text("%s-%zu", flat_name(folder), i / UNIT_FILES + 1),
                   *unit = text("%s/%s.c", cache, name);
        if (!write_unit(unit, c.items + i, c.count - i < UNIT_FILES ? c.count - i : UNIT_FILES))
            return false;
        add_object(ninja, objects, cache, name, unit);
    }
    for (size_t i = 0; i < assembly.count; i++)
        add_object(ninja, objects, cache, flat_name(assembly.items[i] + strlen(p->installation.root) + 1),
                   assembly.items[i]);
    strings_add_all(&objects->inputs, c.items, c.count);
    strings_add_all(&objects->inputs, assembly.items, assembly.count);
    strings_add(&objects->inputs, path);
    folder_files(path, ".h", &objects->inputs);
    return true;
}

/* The folders below the root: those that every target shares, and those of the target and its processor. */
static struct strings source_folders(const struct project *p)
{
    struct strings folders = { 0 };
    strings_add(&folders, "runtime");
    for (const char *const *folder = p->target->folders; *folder != NULL; folder++)
        strings_add(&folders, *folder);
    strings_add(&folders, text("platform/arch/%s", p->arch->name));
    return folders;
}

static bool write_ninja(const char *cache, const struct project *p, const struct strings *folders,
                        struct objects *objects)
{
    struct out out = { 0 };
    struct strings cc = { 0 };
    compiler_words(&p->builder, &cc);
    out_print(&out,
              "# Made by mirage.\nninja_required_version = 1.8\nrule compile\n"
              "  command = %s %s -MMD -MF $out.d -c $in -o $out\n  depfile = $out.d\n  deps = gcc\n  "
              "description = compile $in\n",
              shell_words(cc.items, cc.count), shell_words(p->compile_flags.items, p->compile_flags.count));
    bool ok = true;
    for (size_t i = 0; ok && i < folders->count; i++)
        ok = add_folder(&out, p, cache, folders->items[i], objects);
    ok = ok && file_write(text("%s/build.ninja", cache), out.data, out.len);
    out_free(&out);
    return ok;
}

static const char *cache_of(const struct project *p, const char *name)
{
    const char *flags = strings_join(&p->compile_flags, " ");
    uint64_t key = hash_bytes(3, flags, strlen(flags));
    key = hash_bytes(key, p->builder.version, strlen(p->builder.version));
    key = hash_bytes(key, p->installation.root, strlen(p->installation.root));
    key = hash_bytes(key, p->target->name, strlen(p->target->name));
    key = hash_bytes(key, p->arch->name, strlen(p->arch->name));
    return text("%s/%s-%s-%016" PRIx64, p->objects, name, p->target->name, key);
}

/* Whether everything is up to date, so that ninja need not run. */
static bool is_made(const struct objects *objects, uint64_t key)
{
    if (!stamp_fresh(objects->stamp, key, NULL))
        return false;
    for (size_t i = 0; i < objects->paths.count; i++)
        if (!file_exists(objects->paths.items[i]))
            return false;
    return true;
}

/*
 * Begin to make the objects. Their ninja file differs between programs, so it is written while the lock is
 * held. The stamp of the inputs is written first and takes effect when everything is made. An input that
 * changes in between makes the stamp out of date.
 */
static bool begin(const struct project *p, const char *cache, const struct strings *folders,
                  struct objects *objects)
{
    if (!folder_make(cache))
        return false;
    objects->log = text("%s/log", cache);
    objects->lock = lock_take(text("%s/lock", cache), NULL);
    if (objects->lock < 0)
        return false;
    if (!write_ninja(cache, p, folders, objects))
        return false;
    folder_files(text("%s/mirage", p->installation.include), ".h", &objects->inputs);
    folder_files(text("%s/mirage/sig", p->installation.include), ".h", &objects->inputs);
    const char *what = strings_join(folders, " ");
    uint64_t key = hash_bytes(1, what, strlen(what));
    objects->stamp = text("%s/stamp-%016" PRIx64, cache, key);
    if (objects->paths.count == 0 || is_made(objects, key))
        return true;
    unlink(objects->stamp);
    if (!stamp_write(text("%s.new", objects->stamp), key, &objects->inputs))
        return false;
    const char *const argv[] = { "ninja", "-C", cache, NULL };
    objects->process = run_begin(argv, objects->log);
    return objects->process != 0;
}

/* The pure libraries that the folders' files use, and those that these libraries use. */
static struct strings libraries_of(const struct project *p, const struct strings *folders)
{
    const char *root = p->installation.root;
    struct strings files = { 0 }, names = { 0 };
    for (size_t i = 0; i < folders->count; i++) {
        folder_files(text("%s/%s", root, folders->items[i]), ".c", &files);
        folder_files(text("%s/%s", root, folders->items[i]), ".h", &files);
    }
    libraries_reached(root, &files, &names);
    libraries_close(root, &names);
    return names;
}

bool objects_begin_runtime(const struct project *p, struct objects *out)
{
    struct strings folders = source_folders(p), names = libraries_of(p, &folders);
    *out = (struct objects){ .what = "the runtime" };
    folder_files(text("%s/platform", p->installation.root), ".h", &out->inputs);
    for (size_t i = 0; i < names.count; i++)
        folder_files(text("%s/base/%s", p->installation.root, names.items[i]), ".h", &out->inputs);
    if (!begin(p, cache_of(p, "runtime"), &folders, out))
        return false;
    if (out->paths.count == 0)
        error("the runtime's sources are not in %s; set MIRAGE_ROOT to where mirage is installed",
              p->installation.root);
    return out->paths.count > 0;
}

bool objects_begin_libraries(const struct project *p, const struct program *program, struct objects *out)
{
    const char *root = p->installation.root;
    struct strings using = source_folders(p), names = libraries_of(p, &using), folders = { 0 };
    *out = (struct objects){ .what = "a pure library" };
    for (size_t i = 0; i < program->instance_count; i++)
        libraries_read(root, &program->instances[i].description->inputs, &names);
    libraries_close(root, &names);
    for (size_t i = 0; i < names.count; i++)
        strings_add(&folders, text("base/%s", names.items[i]));
    return begin(p, cache_of(p, "base"), &folders, out);
}

bool objects_end(const struct project *p, struct objects *objects)
{
    int status = objects->process == 0 ? 0 : run_end(objects->process);
    if (status == 0 && objects->process != 0)
        rename(text("%s.new", objects->stamp), objects->stamp);
    close(objects->lock);
    if (status == 0)
        return true;
    const char *log = file_read(objects->log, NULL);
    error("%s does not compile with %s:", objects->what, p->builder.cc);
    fputs(log == NULL ? "" : log, stderr);
    return false;
}
