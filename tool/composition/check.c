#include "composition/check.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/keep.h"
#include "base/messages.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/report.h"
#include "base/stamp.h"
#include "composition/symbols.h"

bool is_device(const struct use *use)
{
    const char *disconnect = text("%s_disconnect", use->name);
    for (size_t i = 0; i < use->operation_count; i++)
        if (strcmp(use->operations[i].name, disconnect) == 0)
            return true;
    return false;
}

const char *entry_name(const struct description *d)
{
    return text("%s_%s", d->module->name, is_device(d->module) ? "connect" : "start");
}

/* Whether the module has an entry, name_connect or name_start. A DEVICE and a JOB have one. */
static bool has_entry(const struct description *d)
{
    if (is_device(d->module))
        return true;
    const char *start = text("%s_start", d->module->name);
    for (size_t i = 0; i < d->module->operation_count; i++)
        if (strcmp(d->module->operations[i].name, start) == 0)
            return true;
    return false;
}

/*
 * The prototype that the PARAM lines require of name_connect or name_start: "err hello_start(struct console
 * *)".
 */
static const char *entry_prototype(const struct description *d)
{
    struct strings args = { 0 };
    if (is_device(d->module))
        strings_add(&args, text("struct %s **", d->module->name));
    for (size_t i = 0; i < d->param_count; i++)
        strings_add(&args, text("struct %s *", d->params[i].name));
    return text("err %s(%s)", entry_name(d), args.count == 0 ? "void" : strings_join(&args, ", "));
}

const char *entry_declaration(const struct description *d)
{
    struct strings lines = { 0 };
    if (!has_entry(d))
        return "";
    strings_add(&lines, text("struct %s;\n", d->module->name));
    for (size_t i = 0; i < d->param_count; i++)
        strings_add(&lines, text("struct %s;\n", d->params[i].name));
    strings_add(&lines, text("#line %d \"%s\"\n%s;\n", d->module->line, d->module->file, entry_prototype(d)));
    return strings_join(&lines, "");
}

struct checking {
    const char *object, *stamp, *symbols, *depfile;
    uint64_t key;
};

static bool prepare(const struct compiler *compiler, const char *cache, const struct description *d,
                    struct checking *w, struct command *command)
{
    w->key = compiler_key(compiler, 4);
    char *base = text("%s/check-%s-%" PRIx64, cache, path_name(d->source),
                      hash_bytes(w->key, d->source, strlen(d->source)));
    w->object = text("%s.o", base);
    w->stamp = text("%s.stamp", base);
    w->symbols = text("%s.symbols", base);
    w->depfile = text("%s.d", base);

    const char *header = text("%s.h", base), *unit = d->source;
    const char *expected = text("#include <mirage/functor.h>\n%s", entry_declaration(d));
    if (!file_write(header, expected, strlen(expected)))
        return false;
    struct strings argv = { 0 };
    compiler_words(compiler, &argv);
    functor_flags(compiler, &argv);
    if (folder_exists(d->source)) {
        struct out all = { 0 };
        for (size_t i = 0; i < d->files.count; i++)
            out_print(&all, "#include \"%s\"\n", d->files.items[i]);
        unit = text("%s.c", base);
        bool ok = file_write(unit, all.data, all.len);
        out_free(&all);
        if (!ok)
            return false;
        strings_add(&argv, "-DMIRAGE_WHOLE");
    }
    strict_flags(&argv);
    const char *const rest[] = { "-Wall", "-Wextra",  "-O0", "-g",      "-c",       "-MMD", "-MT", "x",
                                 "-MF",   w->depfile, "-o",  w->object, "-include", header, unit };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    messages_flags(compiler->is_clang, &argv);
    command->argv = argv.items;
    return true;
}

/* The prototype that a signature or the PARAM lines require of the function with this name, or NULL. */
static const char *asked_prototype(const struct description *d, const char *name)
{
    if (strcmp(name, entry_name(d)) == 0)
        return entry_prototype(d);
    for (size_t i = 0; i < d->module->operation_count; i++)
        if (strcmp(d->module->operations[i].name, name) == 0)
            return d->module->operations[i].prototype;
    for (size_t i = 0; i < d->param_count; i++)
        for (size_t k = 0; k < d->params[i].operation_count; k++)
            if (strcmp(d->params[i].operations[k].name, name) == 0)
                return d->params[i].operations[k].prototype;
    return NULL;
}

/* The text of one line of a file, without the space around it. */
static const char *source_line(const char *file, int line)
{
    char *at = file_read(file, NULL);
    for (; at != NULL && line > 1; line--) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    if (at == NULL)
        return "";
    at += strspn(at, " \t");
    size_t len = strcspn(at, "\n");
    while (len > 0 && strchr(" \t{;", at[len - 1]) != NULL)
        len--;
    return keep_bytes(at, len);
}

/*
 * Add the required prototype to each message about a wrong definition, because only the signature has it.
 * Clang does not quote the definition either, so that is added for Clang.
 */
static void explain_conflicts(const struct compiler *compiler, const struct description *d,
                              struct messages *messages)
{
    static const char conflict[] = "conflicting types for '";
    for (size_t i = 0; i < messages->count; i++) {
        struct message *m = &messages->items[i];
        const char *at = strstr(m->text, conflict);
        if (at == NULL)
            continue;
        at += sizeof conflict - 1;
        const char *asked = asked_prototype(d, keep_bytes(at, strcspn(at, "'")));
        if (asked == NULL)
            continue;
        const char *said = compiler->is_clang ? text("; have '%s'", source_line(m->file, m->line)) : "";
        m->text = text("%s%s; it must be '%s'", m->text, said, asked);
    }
}

/*
 * A message about a prototype that the tool wrote is moved to the line of the source that the prototype was
 * made from.
 */
static void move_to_source(const char *cache, const struct description *d, struct messages *messages)
{
    for (size_t i = 0; i < messages->count; i++)
        if (strncmp(messages->items[i].file, cache, strlen(cache)) == 0) {
            messages->items[i].file = d->module->file;
            messages->items[i].line = d->module->line;
            messages->items[i].text =
                text("the names that the PARAM and MODULE lines give cannot be C names: %s",
                     messages->items[i].text);
        }
}

/* Split a line of symbols_read. Returns the name; `number` and `file` receive where it is defined. */
static char *split_symbol(const char *line, int *number, const char **file)
{
    size_t len = strcspn(line, " ");
    char *end;
    *number = (int)strtol(line + len, &end, 10);
    *file = *end == ' ' && end[1] != '\0' ? end + 1 : NULL;
    return keep_bytes(line, len);
}

bool is_own(const struct description *d, const struct operation *op)
{
    size_t len = strlen(d->module->name);
    if (strcmp(op->prefix, d->module->name) == 0)
        return true;
    for (size_t i = 0; i < d->param_count; i++) {
        if (strcmp(d->params[i].name, op->prefix) == 0)
            return false;
        for (size_t k = 0; k < d->params[i].submodule_count; k++)
            if (strcmp(d->params[i].submodules[k].name, op->prefix) == 0)
                return false;
    }
    return strncmp(op->prefix, d->module->name, len) == 0 && op->prefix[len] == '_';
}

static bool check_missing(const struct description *d, const struct strings *globals)
{
    bool ok = true;
    const struct use *module = d->module;
    for (size_t i = 0; i < module->operation_count; i++) {
        const struct operation *op = &module->operations[i];
        if (op->is_event || !is_own(d, op) || strings_has(globals, op->name))
            continue;
        bool entry = strcmp(op->name, entry_name(d)) == 0;
        error_at(module->file, module->line, "module '%s' is a %s but does not define '%s'; add %s",
                 module->name, module->signature, op->name, entry ? entry_prototype(d) : op->prototype);
        ok = false;
    }
    if (is_device(module) && !strings_has(globals, entry_name(d))) {
        error_at(module->file, module->line,
                 "module '%s' is a device but does not define '%s', which makes it; add %s", module->name,
                 entry_name(d), entry_prototype(d));
        ok = false;
    }
    return ok;
}

static bool is_declared(const struct description *d, const char *name)
{
    if (strncmp(name, "mirage_arg_", 11) == 0 || strcmp(name, entry_name(d)) == 0)
        return true;
    for (size_t i = 0; i < d->module->operation_count; i++)
        if (strcmp(d->module->operations[i].name, name) == 0 && is_own(d, &d->module->operations[i]))
            return true;
    for (size_t i = 0; i < d->param_count; i++)
        for (size_t k = 0; k < d->params[i].operation_count; k++)
            if (strcmp(d->params[i].operations[k].name, name) == 0)
                return d->params[i].operations[k].is_event;
    return false;
}

static bool check_extra(const struct description *d, const char *line)
{
    int number;
    const char *file, *name = split_symbol(line, &number, &file);
    if (is_declared(d, name))
        return true;
    error_at(file == NULL ? d->source : file, number,
             "'%s' is global, but no operation of %s and no event of a parameter; make it static%s", name,
             d->module->signature, folder_exists(d->source) ? " or declare it INTERNAL" : "");
    return false;
}

static bool check_symbols(const struct description *d, const char *symbols, struct definitions *out)
{
    bool ok = true;
    struct strings lines = { 0 };
    char *copy = keep_string(symbols), *save;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        strings_add(&lines, line);
    for (size_t i = 0; i < lines.count; i++) {
        int number;
        const char *file;
        strings_add(&out->globals, split_symbol(lines.items[i], &number, &file));
    }
    for (size_t i = 0; i < lines.count; i++)
        ok &= check_extra(d, lines.items[i]);
    return check_missing(d, &out->globals) && ok;
}

bool check_all(const struct compiler *compiler, const char *cache, struct description *descriptions,
               size_t count, struct definitions **out)
{
    struct definitions *all = keep((count + 1) * sizeof *all);
    struct checking *work = keep((count + 1) * sizeof *work);
    struct command *commands = keep((count + 1) * sizeof *commands);
    size_t *whose = keep((count + 1) * sizeof *whose), stale = 0;
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        if (!prepare(compiler, cache, &descriptions[i], &work[i], &commands[stale]))
            return false;
        char *symbols;
        if (stamp_fresh(work[i].stamp, work[i].key, NULL) &&
            (symbols = file_read(work[i].symbols, NULL)) != NULL)
            ok &= check_symbols(&descriptions[i], symbols, &all[i]);
        else
            whose[stale++] = i;
    }
    run_all(commands, stale);
    for (size_t c = 0; c < stale; c++) {
        struct checking *w = &work[whose[c]];
        struct strings lines = { 0 }, inputs = { 0 };
        struct messages messages = { 0 };
        messages_read(commands[c].err, (const char *const[]){ compiler->include, NULL }, &messages);
        move_to_source(cache, &descriptions[whose[c]], &messages);
        explain_conflicts(compiler, &descriptions[whose[c]], &messages);
        messages_show(&messages);
        if (commands[c].status != 0 || !symbols_read(w->object, &lines)) {
            ok = false;
            continue;
        }
        char *symbols = strings_join(&lines, "\n");
        ok &= check_symbols(&descriptions[whose[c]], symbols, &all[whose[c]]);
        depfile_read(w->depfile, &inputs);
        unlink(w->object);
        if (file_write(w->symbols, symbols, strlen(symbols)))
            stamp_write(w->stamp, w->key, &inputs);
    }
    *out = all;
    return ok;
}

bool check_objects(const struct compiler *compiler, const char *cache,
                   const struct description *const *descriptions, size_t count, const char **out)
{
    struct command *commands = keep((count + 1) * sizeof *commands);
    for (size_t i = 0; i < count; i++) {
        struct checking work;
        if (!prepare(compiler, cache, descriptions[i], &work, &commands[i]))
            return false;
        out[i] = work.object;
    }
    if (run_all(commands, count))
        return true;
    for (size_t i = 0; i < count; i++)
        if (commands[i].status != 0)
            error_at(descriptions[i]->source, 0, "%s could not compile it: %s", compiler->cc,
                     commands[i].err);
    return false;
}
