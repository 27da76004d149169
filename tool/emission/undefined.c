#include "emission/undefined.h"

#include <string.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/process.h"
#include "base/report.h"
#include "base/strings.h"
#include "composition/symbols.h"

/* The text before the symbol in messages of GNU ld, lld, gold and mold. */
static const char *const phrases[] = { "undefined reference to `",
                                       "undefined symbol: ", "undefined reference to '" };

/* Find the symbols that the linker missed, each once, in its order. */
static void missing_symbols(const char *printed, struct strings *out)
{
    for (const char *at = printed; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n') {
        const char *line = keep_bytes(at, strcspn(at, "\n"));
        for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
            const char *found = strstr(line, phrases[i]);
            if (found == NULL)
                continue;
            found += strlen(phrases[i]);
            const char *symbol = keep_bytes(found, strcspn(found, "' >"));
            if (!strings_has(out, symbol))
                strings_add(out, symbol);
            break;
        }
    }
}

/* Append every file of every functor, each once. */
static void all_files(const struct program *program, struct strings *out)
{
    for (size_t i = 0; i < program->instance_count; i++) {
        const struct strings *files = &program->instances[i].description->files;
        for (size_t k = 0; k < files->count; k++)
            if (!strings_has(out, files->items[k]))
                strings_add(out, files->items[k]);
    }
}

/* Compile each source by itself. Linkers would confuse it with the generated file that includes it. */
static struct strings compile_alone(const struct project *p, const struct strings *files)
{
    struct command *commands = keep((files->count + 1) * sizeof *commands);
    struct strings objects = { 0 };
    for (size_t i = 0; i < files->count; i++) {
        struct strings argv = { 0 };
        const char *object = text("%s/link-%zu.o", p->build, i);
        compiler_words(&p->compiler, &argv);
        functor_flags(&p->compiler, &argv);
        const char *const rest[] = { "-w", "-O0", "-gdwarf-4", "-c", "-o", object, files->items[i] };
        strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
        commands[i].argv = argv.items;
        strings_add(&objects, object);
    }
    run_all(commands, files->count);
    return objects;
}

static bool find_use(const struct strings *objects, const char *symbol, const char **file, int *line)
{
    for (size_t i = 0; i < objects->count; i++)
        if (symbols_use(objects->items[i], symbol, file, line))
            return true;
    return false;
}

bool link_explain(const struct project *p, const struct program *program, const char *printed)
{
    struct strings missing = { 0 }, files = { 0 };
    missing_symbols(printed, &missing);
    if (missing.count == 0)
        return false;
    all_files(program, &files);
    struct strings objects = compile_alone(p, &files);
    const char **places = keep(missing.count * sizeof *places);
    int *lines = keep(missing.count * sizeof *lines);
    bool all = true;
    for (size_t i = 0; all && i < missing.count; i++)
        all = find_use(&objects, missing.items[i], &places[i], &lines[i]);
    for (size_t i = 0; all && i < missing.count; i++)
        error_at(places[i], lines[i],
                 "'%s' is declared and used, but nothing defines it: define it in this module, or say in the "
                 "configuration which library has it, "
                 "with_library(functor, \"NAME\")",
                 missing.items[i]);
    for (size_t i = 0; i < objects.count; i++)
        unlink(objects.items[i]);
    return all;
}
