#include "project/compilers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/keep.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/report.h"
#include "base/stamp.h"
#include "base/strings.h"

/* Running the compiler with --version takes 2 ms, so the answer is kept until the compiler's file changes. */
static bool find_compiler(const struct project *p, const char *cc, const char *cure, struct compiler *out)
{
    struct strings inputs = { 0 }, argv = { 0 };
    strings_add_words(&argv, cc);
    const char *found = argv.count == 0 ? NULL : program_find(argv.items[0]);
    if (found == NULL) {
        error("there is no compiler '%s' in PATH; %s", argv.count == 0 ? cc : argv.items[0], cure);
        return false;
    }
    const char *all = text("%s\n%s", found, strings_join(&argv, " "));
    const char *cache = text("%s/_build/compiler-%016" PRIx64, p->home, hash_bytes(0, all, strlen(all)));
    const char *stamp = text("%s.stamp", cache);
    char *version = stamp_fresh(stamp, 1, NULL) ? file_read(cache, NULL) : NULL;
    if (version == NULL) {
        strings_add(&argv, "--version");
        struct command command = { .argv = argv.items };
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

/* What the host's GCC is called: gcc or, say, gcc-12. A launcher before it does not count. */
static const char *gcc_name(const struct compiler *compiler)
{
    struct strings words = { 0 };
    compiler_words(compiler, &words);
    for (size_t i = 0; i < words.count; i++)
        if (strncmp(path_name(words.items[i]), "gcc", 3) == 0)
            return path_name(words.items[i]);
    return "gcc";
}

/*
 * Find the compiler for the project's processor. GCC has a program for each processor. Clang is one program
 * for all.
 */
static bool find_builder(const struct project *p, struct compiler *out)
{
    const struct arch *arch = p->arch;
    const char *cure = text("install the package %s", arch->package);
    *out = p->compiler;
    if (!arch_is_foreign(arch))
        return true;
    if (!p->compiler.is_clang) {
        return find_compiler(p, text("%s-%s", arch->triplet, gcc_name(&p->compiler)), cure, out);
    }
    if (!folder_exists(text("/usr/%s/include", arch->triplet))) {
        error("there are no headers of %s in /usr/%s, which Clang builds with; %s", arch->name, arch->triplet,
              cure);
        return false;
    }
    out->machine = text("--target=%s", arch->triplet);
    return true;
}

bool compilers_find(const char *cc, struct project *p)
{
    const char *chosen = cc != NULL ? cc : getenv("CC");
    return find_compiler(p, chosen == NULL || *chosen == '\0' ? "cc" : chosen,
                         "install it, or name another one with --cc=gcc or --cc=clang", &p->compiler) &&
           find_builder(p, &p->builder);
}

/* Whether the builder compiles with these flags. `command` receives what it said. */
static bool builder_takes(const struct project *p, const struct strings *flags, struct command *command)
{
    struct strings argv = { 0 };
    compiler_words(&p->builder, &argv);
    if (p->builder.machine != NULL)
        strings_add(&argv, p->builder.machine);
    strings_add_all(&argv, flags->items, flags->count);
    const char *const rest[] = { "-x", "c", "-S", "-o", "/dev/null", "/dev/null" };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    *command = (struct command){ .argv = argv.items };
    return run_all(command, 1);
}

bool compilers_know_sanitizers(const struct project *p)
{
    struct strings flags = { 0 };
    struct command command;
    if (p->sanitize == NULL)
        return true;
    strings_add(&flags, text("-fsanitize=%s", p->sanitize));
    if (builder_takes(p, &flags, &command))
        return true;
    error("%s cannot build with --sanitize=%s; address and undefined are among those that it knows, and none "
          "is for none",
          p->builder.cc, p->sanitize);
    return false;
}

/* A flag of the user's that means more than itself. Its value is in the same word or in the next. */
struct flag {
    const char *name;
    bool is_path;    /* the value is a path; the compilers run in other folders */
    bool is_content; /* it says what a source contains, so that whoever reads sources needs it, too */
};

/* The flag with which the word begins, or NULL. */
static const struct flag *flag_of(const char *word)
{
    static const struct flag flags[] = {
        { "-D", .is_content = true },
        { "-U", .is_content = true },
        { "-I", .is_path = true, .is_content = true },
        { "-isystem", .is_path = true, .is_content = true },
        { "-iquote", .is_path = true, .is_content = true },
        { "-include", .is_path = true, .is_content = true },
        { "-L", .is_path = true },
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strncmp(word, flags[i].name, strlen(flags[i].name)) == 0)
            return &flags[i];
    return NULL;
}

/*
 * Append the words of the option, or else of the environment's variable, to `out`, and to `content`, when not
 * NULL, those that say what a source contains.
 */
static void take_words(const char *option, const char *variable, struct strings *out, struct strings *content)
{
    const char *given = option != NULL ? option : getenv(variable);
    struct strings words = { 0 };
    if (given != NULL)
        strings_add_words(&words, given);
    for (size_t i = 0; i < words.count; i++) {
        const struct flag *flag = flag_of(words.items[i]);
        const char *value = flag == NULL ? "" : words.items[i] + strlen(flag->name);
        bool is_apart = flag != NULL && *value == '\0' && i + 1 < words.count;
        size_t first = out->count;
        if (flag == NULL) {
            strings_add(out, words.items[i]);
            continue;
        }
        if (is_apart)
            value = words.items[++i];
        if (flag->is_path && *value != '/' && *value != '\0')
            value = path_absolute(value);
        strings_add(out, is_apart ? flag->name : text("%s%s", flag->name, value));
        if (is_apart)
            strings_add(out, value);
        if (content != NULL && flag->is_content)
            strings_add_all(content, out->items + first, out->count - first);
    }
}

void compilers_take_flags(const char *cflags, const char *ldflags, struct project *p)
{
    take_words(cflags, "CFLAGS", &p->given_cflags, &p->compiler.given);
    take_words(ldflags, "LDFLAGS", &p->given_ldflags, NULL);
    p->builder.given = p->compiler.given;
}

bool compilers_know_flags(const struct project *p)
{
    struct command command;
    if (p->given_cflags.count == 0 || builder_takes(p, &p->given_cflags, &command))
        return true;
    error("%s does not compile with the flags '%s': %.*s", p->builder.cc, strings_join(&p->given_cflags, " "),
          (int)strcspn(command.err, "\n"), command.err);
    return false;
}
