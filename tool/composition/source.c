#include "composition/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/keep.h"
#include "base/messages.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/report.h"
#include "base/stamp.h"
#include "composition/libraries.h"
#include "composition/tokens.h"

void compiler_words(const struct compiler *compiler, struct strings *argv)
{
    strings_add_words(argv, compiler->cc);
}

uint64_t compiler_key(const struct compiler *compiler, uint64_t version)
{
    const char *all =
        text("%s\n%s\n%s", compiler->version, compiler->include, strings_join(&compiler->given, "\n"));
    return hash_bytes(version, all, strlen(all));
}

void functor_flags(const struct compiler *compiler, struct strings *argv)
{
    static const char *const flags[] = { "-std=gnu17", "-D_GNU_SOURCE", "-Ulinux", "-Uunix",
                                         "-fno-strict-aliasing" };
    if (compiler->machine != NULL)
        strings_add(argv, compiler->machine);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        strings_add(argv, flags[i]);
    strings_add(argv, text("-I%s", compiler->include));
    strings_add(argv, text("-I%s", compiler->root));
    strings_add_all(argv, compiler->given.items, compiler->given.count);
}

bool source_files(const char *source, struct strings *out)
{
    if (folder_exists(source))
        return folder_files(source, ".c", out);
    strings_add(out, source);
    return file_exists(source);
}

/* The signature's name without "_ON". "UDP_ON" is the signature UDP with its sub-modules named. */
static const char *signature_name(const char *name)
{
    size_t len = strlen(name);
    if (len > 3 && strcmp(name + len - 3, "_ON") == 0)
        return keep_bytes(name, len - 3);
    return name;
}

#define GROW(array, count)                                                          \
    do {                                                                            \
        if (((count) & ((count)-1)) == 0) {                                         \
            void *grown = keep(((count) == 0 ? 1 : 2 * (count)) * sizeof *(array)); \
            if ((count) > 0)                                                        \
                memcpy(grown, (array), (count) * sizeof *(array));                  \
            (array) = grown;                                                        \
        }                                                                           \
    } while (0)

static void add_submodule(struct use *use, const char *signature, const char *name)
{
    for (size_t i = 0; i < use->submodule_count; i++)
        if (strcmp(use->submodules[i].name, name) == 0)
            return;
    GROW(use->submodules, use->submodule_count);
    use->submodules[use->submodule_count++] = (struct submodule){ signature_name(signature), name };
}

static void read_submodule(struct tokens *t, struct use *use)
{
    tokens_take(t, "(");
    const char *signature = tokens_take_string(t);
    tokens_take(t, ",");
    const char *name = tokens_take_name(t);
    tokens_skip_to(t, ")", ")");
    tokens_take(t, ")");
    if (signature != NULL && name != NULL)
        add_submodule(use, signature, name);
}

static const char *squeezed(const char *from, const char *to)
{
    char *s = keep((size_t)(to - from) + 1), *at = s;
    for (bool space = false; from < to; from++) {
        if (*from == ' ' || *from == '\n' || *from == '\t') {
            space = true;
            continue;
        }
        if (space && at > s)
            *at++ = ' ';
        space = false;
        *at++ = *from;
    }
    return s;
}

/* Read a declaration up to its semicolon. The function's name is the first name before a parenthesis. */
static void read_declaration(struct tokens *t, struct use *use)
{
    const char *begin = t->token.at;
    const char *name = NULL;
    while (t->token.kind != TOKEN_END && !token_is(&t->token, ";") && !token_is(&t->token, "}")) {
        struct token word = t->token;
        if (token_is(&word, "(") || token_is(&word, "{") || token_is(&word, "[")) {
            const char *close = *word.at == '(' ? ")" : *word.at == '{' ? "}" : "]";
            tokens_next(t);
            tokens_skip_to(t, close, close);
            tokens_next(t);
            continue;
        }
        tokens_next(t);
        if (name == NULL && word.kind == TOKEN_NAME && token_is(&t->token, "(") &&
            !token_is(&word, "__attribute__") && !token_is(&word, "__asm__"))
            name = keep_bytes(word.at, word.len);
    }
    if (name != NULL) {
        GROW(use->operations, use->operation_count);
        use->operations[use->operation_count++] =
            (struct operation){ .name = name, .prototype = squeezed(begin, t->token.at) };
    }
    tokens_take(t, ";");
}

static bool has_prefix(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 && name[len] == '_';
}

/*
 * The owner of an operation is the module or sub-module whose name is the longest prefix of the operation's
 * name.
 */
static void find_owner(const struct use *use, struct operation *op)
{
    op->prefix = use->name;
    for (size_t i = 0; i < use->submodule_count; i++) {
        const char *candidate = use->submodules[i].name;
        if (has_prefix(op->name, candidate) &&
            (!has_prefix(op->name, op->prefix) || strlen(candidate) > strlen(op->prefix)))
            op->prefix = candidate;
    }
    op->is_event = has_prefix(op->name, op->prefix) && strncmp(op->name + strlen(op->prefix), "_on_", 4) == 0;
}

/* Keep one of several equal declarations: a sub-module and its user may declare the same operation. */
static void drop_repeated(struct use *use)
{
    size_t kept = 0;
    for (size_t i = 0; i < use->operation_count; i++) {
        bool again = false;
        for (size_t k = 0; k < kept && !again; k++)
            again = strcmp(use->operations[k].name, use->operations[i].name) == 0;
        if (!again)
            use->operations[kept++] = use->operations[i];
    }
    use->operation_count = kept;
}

static void read_place(struct tokens *t, const char **file, int *line)
{
    *file = tokens_take_listed(t);
    const char *number = tokens_take_number(t);
    *line = number == NULL ? 0 : atoi(number);
    tokens_take(t, ",");
}

static struct use read_use(struct tokens *t)
{
    struct use use = { 0 };
    tokens_take(t, "(");
    const char *macro = tokens_take_listed(t);
    use.signature = macro == NULL ? "" : signature_name(macro);
    read_place(t, &use.file, &use.line);
    use.name = tokens_take_name(t);
    tokens_skip_to(t, ")", ")");
    tokens_take(t, ")");
    tokens_take(t, "{");
    /* The preprocessor leaves a name alone that is not a macro. */
    use.is_unknown = macro != NULL && token_is(&t->token, macro);
    while (t->token.kind != TOKEN_END && !tokens_take(t, "}")) {
        if (tokens_take(t, "__mirage_submodule__"))
            read_submodule(t, &use);
        else if (!tokens_take(t, ";"))
            read_declaration(t, &use);
    }
    drop_repeated(&use);
    for (size_t i = 0; use.name != NULL && i < use.operation_count; i++)
        find_owner(&use, &use.operations[i]);
    return use;
}

static struct declared_arg read_arg(struct tokens *t)
{
    struct declared_arg arg = { 0 };
    tokens_take(t, "(");
    arg.type = tokens_take_listed(t);
    arg.name = tokens_take_listed(t);
    arg.value = tokens_take_listed(t);
    arg.doc = tokens_take_listed(t);
    read_place(t, &arg.file, &arg.line);
    return arg;
}

/* "port" or "path(file)" */
static struct named_argument read_argument(struct tokens *t)
{
    struct named_argument argument = { .name = tokens_take_name(t) };
    if (tokens_take(t, "(")) {
        argument.is_path = argument.name != NULL && strcmp(argument.name, "path") == 0;
        argument.name = argument.is_path ? tokens_take_name(t) : NULL;
        tokens_skip_to(t, ")", ")");
        tokens_take(t, ")");
    }
    tokens_skip_to(t, ",", ")");
    tokens_take(t, ",");
    return argument;
}

static struct catalog_line *read_catalog(struct tokens *t)
{
    struct catalog_line *line = keep(sizeof *line);
    tokens_take(t, "(");
    line->name = tokens_take_listed(t);
    read_place(t, &line->file, &line->line);
    while (t->token.kind != TOKEN_END && !token_is(&t->token, ")")) {
        GROW(line->arguments, line->argument_count);
        line->arguments[line->argument_count++] = read_argument(t);
    }
    tokens_take(t, ")");
    return line;
}

static struct generated_line *read_generated(struct tokens *t)
{
    struct generated_line *line = keep(sizeof *line);
    tokens_take(t, "(");
    line->program = tokens_take_listed(t);
    read_place(t, &line->file, &line->line);
    while (t->token.kind != TOKEN_END && !token_is(&t->token, ")")) {
        const char *key = tokens_take_name(t);
        tokens_skip_to(t, ",", ")");
        tokens_take(t, ",");
        strings_add(&line->keys, key == NULL ? "" : key);
    }
    tokens_take(t, ")");
    return line;
}

static const char *read_library(struct tokens *t)
{
    tokens_take(t, "(");
    const char *name = tokens_take_string(t);
    return name == NULL ? "" : name;
}

static struct choice_line read_choice(struct tokens *t)
{
    struct choice_line choice = { 0 };
    tokens_take(t, "(");
    choice.result = tokens_take_listed(t);
    choice.name = tokens_take_listed(t);
    choice.role = tokens_take_listed(t);
    choice.key = tokens_take_listed(t);
    choice.without = tokens_take_listed(t);
    choice.doc = tokens_take_listed(t);
    choice.params = tokens_take_listed(t);
    read_place(t, &choice.file, &choice.line);
    return choice;
}

/* Read the markers. Append their text to `seen` when it is not NULL. */
static void read_markers(const char *markers, struct description *d, struct out *seen)
{
    struct tokens t;
    struct use module;
    for (tokens_begin(&t, markers); t.token.kind != TOKEN_END;) {
        const char *begin = t.token.at;
        if (tokens_take(&t, "__mirage_param__")) {
            GROW(d->params, d->param_count);
            d->params[d->param_count++] = read_use(&t);
        } else if (tokens_take(&t, "__mirage_module__")) {
            module = read_use(&t);
            if (d->module_count++ == 0) {
                d->module = keep(sizeof module);
                *d->module = module;
            }
        } else if (tokens_take(&t, "__mirage_key__")) {
            GROW(d->keys, d->key_count);
            d->keys[d->key_count++] = declared_key_read(&t);
        } else if (tokens_take(&t, "__mirage_rule__")) {
            GROW(d->rules, d->rule_count);
            d->rules[d->rule_count++] = declared_rule_read(&t);
        } else if (tokens_take(&t, "__mirage_arg__")) {
            GROW(d->args, d->arg_count);
            d->args[d->arg_count++] = read_arg(&t);
        } else if (tokens_take(&t, "__mirage_catalog__")) {
            d->catalog = read_catalog(&t);
        } else if (tokens_take(&t, "__mirage_generated__")) {
            d->generated = read_generated(&t);
        } else if (tokens_take(&t, "__mirage_library__")) {
            strings_add(&d->libraries, read_library(&t));
        } else if (tokens_take(&t, "__mirage_choice__")) {
            GROW(d->choices, d->choice_count);
            d->choices[d->choice_count++] = read_choice(&t);
        } else {
            tokens_next(&t);
            continue;
        }
        if (seen != NULL) {
            out_bytes(seen, begin, (size_t)(t.token.at - begin));
            out_bytes(seen, "\n", 1);
        }
    }
}

const struct declared_key *declared_key(const struct description *d, const char *name)
{
    for (size_t i = 0; i < d->key_count; i++)
        if (strcmp(d->keys[i].name, name) == 0)
            return &d->keys[i];
    return NULL;
}

struct describing {
    char *markers, *stamp, *depfile; /* the cache's files */
    uint64_t key;
    const char *wrapper;
};

/*
 * The file that the compiler reads. For a folder it includes all of its files, because an instance of it is
 * one translation unit.
 */
static const char *wrapper_of(const char *base, const struct description *d)
{
    struct out out = { 0 };
    char *path = text("%s.c", base);
    for (size_t i = 0; i < d->files.count; i++)
        out_print(&out, "#include \"%s\"\n", d->files.items[i]);
    bool ok = file_write(path, out.data, out.len);
    out_free(&out);
    return ok ? path : NULL;
}

static bool prepare(const struct compiler *compiler, const char *cache, const char *source,
                    struct description *d, struct describing *w, struct command *command)
{
    d->source = source;
    if (!source_files(source, &d->files)) {
        error_at(source, 0, folder_exists(source) ? "this folder has no .c file" : "there is no such file");
        return false;
    }
    w->key = compiler_key(compiler, 6);
    char *base =
        text("%s/describe-%s-%" PRIx64, cache, path_name(source), hash_bytes(w->key, source, strlen(source)));
    w->markers = text("%s.markers", base);
    w->stamp = text("%s.stamp", base);
    w->depfile = text("%s.d", base);
    w->wrapper = source;
    if (folder_exists(source) && (w->wrapper = wrapper_of(base, d)) == NULL)
        return false;
    struct strings argv = { 0 };
    compiler_words(compiler, &argv);
    functor_flags(compiler, &argv);
    messages_flags(compiler->is_clang, &argv);
    const char *const rest[] = { "-DMIRAGE_DESCRIBE", "-E",      "-P", "-MMD", "-MT", "x", "-MF",
                                 w->depfile,          w->wrapper };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    command->argv = argv.items;
    return true;
}

/*
 * Find the libraries that the functor's own files use. Headers of the tool and files outside its folder are
 * not its own.
 */
static void find_uses(struct description *d)
{
    const char *folder = text("%s/", folder_exists(d->source) ? d->source : path_folder(d->source));
    struct strings own = { 0 };
    for (size_t i = 0; i < d->inputs.count; i++)
        if (strncmp(d->inputs.items[i], folder, strlen(folder)) == 0 && file_exists(d->inputs.items[i]))
            strings_add(&own, d->inputs.items[i]);
    libraries_included(own.items, own.count, &d->uses);
}

bool describe_unchecked(const struct compiler *compiler, const char *cache, const char *const *sources,
                        size_t count, struct description **out)
{
    struct description *all = keep((count + 1) * sizeof *all);
    struct describing *work = keep((count + 1) * sizeof *work);
    struct command *commands = keep((count + 1) * sizeof *commands);
    size_t *whose = keep((count + 1) * sizeof *whose);
    size_t stale = 0;

    if (!folder_make(cache))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!prepare(compiler, cache, sources[i], &all[i], &work[i], &commands[stale]))
            return false;
        char *markers;
        if (stamp_fresh(work[i].stamp, work[i].key, &all[i].inputs) &&
            (markers = file_read(work[i].markers, NULL)) != NULL) {
            read_markers(markers, &all[i], NULL);
        } else {
            all[i].inputs = (struct strings){ 0 };
            whose[stale++] = i;
        }
    }
    run_all(commands, stale);
    for (size_t c = 0; c < stale; c++) {
        struct description *d = &all[whose[c]];
        struct describing *w = &work[whose[c]];
        struct out seen = { 0 };
        if (commands[c].status != 0) {
            struct messages messages = { 0 };
            messages_read(commands[c].err, (const char *const[]){ compiler->include, NULL }, &messages);
            messages_show(&messages);
            if (messages.errors == 0)
                error_at(d->source, 0, "%s could not read it: %s", compiler->cc, commands[c].err);
            return false;
        }
        read_markers(commands[c].out, d, &seen);
        depfile_read(w->depfile, &d->inputs);
        if (folder_exists(d->source))
            strings_add(&d->inputs, d->source);
        if (file_write(w->markers, seen.data == NULL ? "" : seen.data, seen.len))
            stamp_write(w->stamp, w->key, &d->inputs);
        out_free(&seen);
    }
    for (size_t i = 0; i < count; i++)
        find_uses(&all[i]);
    *out = all;
    return true;
}

bool describe_all(const struct compiler *compiler, const char *cache, const char *const *sources,
                  size_t count, struct description **out)
{
    if (!describe_unchecked(compiler, cache, sources, count, out))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!description_checked(&(*out)[i]))
            return false;
    return true;
}
