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

bool compilers_know_sanitizers(const struct project *p)
{
    if (p->sanitize == NULL)
        return true;
    struct strings argv = { 0 };
    compiler_words(&p->builder, &argv);
    strings_add(&argv, text("-fsanitize=%s", p->sanitize));
    const char *const rest[] = { "-x", "c", "-S", "-o", "/dev/null", "/dev/null" };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    if (p->builder.machine != NULL)
        strings_add(&argv, p->builder.machine);
    struct command command = { .argv = argv.items };
    if (run_all(&command, 1))
        return true;
    error("%s cannot build with --sanitize=%s; address and undefined are among those that it knows, and none "
          "is for none",
          p->builder.cc, p->sanitize);
    return false;
}

/* Flags that say what a source contains. Their value is in the same word or in the next. */
static const char *const content_flags[] = { "-D", "-U", "-I", "-isystem", "-iquote", "-include", NULL };

static bool says_content(const char *word)
{
    for (const char *const *flag = content_flags; *flag != NULL; flag++)
        if (strncmp(word, *flag, strlen(*flag)) == 0)
            return true;
    return false;
}

/* The word with the folder that it names made absolute: the compilers run in other folders. */
static const char *absolute_word(const char *word, const char *before)
{
    static const char *const names[] = { "-I", "-L", "-isystem", "-iquote", "-include", NULL };
    if (listed(names, before))
        return path_absolute(word);
    for (const char *const *n = names; *n != NULL; n++) {
        size_t len = strlen(*n);
        if (strncmp(word, *n, len) == 0 && word[len] != '\0' && word[len] != '/')
            return text("%s%s", *n, path_absolute(word + len));
    }
    return word;
}

static void take_words(const char *option, const char *variable, struct strings *out)
{
    const char *given = option != NULL ? option : getenv(variable), *before = "";
    struct strings words = { 0 };
    if (given != NULL)
        strings_add_words(&words, given);
    for (size_t i = 0; i < words.count; before = words.items[i++])
        strings_add(out, absolute_word(words.items[i], before));
}

void compilers_take_flags(const char *cflags, const char *ldflags, struct project *p)
{
    take_words(cflags, "CFLAGS", &p->given_cflags);
    take_words(ldflags, "LDFLAGS", &p->given_ldflags);
    for (size_t i = 0; i < p->given_cflags.count; i++) {
        const char *word = p->given_cflags.items[i];
        if (!says_content(word))
            continue;
        strings_add(&p->compiler.given, word);
        if (listed(content_flags, word) && i + 1 < p->given_cflags.count)
            strings_add(&p->compiler.given, p->given_cflags.items[++i]);
    }
    p->builder.given = p->compiler.given;
}

bool compilers_know_flags(const struct project *p)
{
    struct strings argv = { 0 };
    if (p->given_cflags.count + p->given_ldflags.count == 0)
        return true;
    compiler_words(&p->builder, &argv);
    strings_add_all(&argv, p->given_cflags.items, p->given_cflags.count);
    const char *const rest[] = { "-x", "c", "-S", "-o", "/dev/null", "/dev/null" };
    strings_add_all(&argv, rest, sizeof rest / sizeof *rest);
    struct command command = { .argv = argv.items };
    if (run_all(&command, 1))
        return true;
    error("%s does not compile with the flags '%s': %.*s", p->builder.cc, strings_join(&p->given_cflags, " "),
          (int)strcspn(command.err, "\n"), command.err);
    return false;
}
