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
    const char *found = program_find(cc);
    if (found == NULL) {
        error("there is no compiler '%s' in PATH; %s", cc, cure);
        return false;
    }
    struct strings inputs = { 0 };
    const char *cache = text("%s/_build/compiler-%016" PRIx64, p->home, hash_bytes(0, found, strlen(found)));
    const char *stamp = text("%s.stamp", cache);
    char *version = stamp_fresh(stamp, 1, NULL) ? file_read(cache, NULL) : NULL;
    if (version == NULL) {
        const char *const argv[] = { found, "--version", NULL };
        struct command command = { .argv = argv };
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
        const char *name = path_name(p->compiler.cc);
        return find_compiler(p, text("%s-%s", arch->triplet, strncmp(name, "gcc", 3) == 0 ? name : "gcc"),
                             cure, out);
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
    const char *const argv[] = { p->builder.cc,
                                 text("-fsanitize=%s", p->sanitize),
                                 "-x",
                                 "c",
                                 "-S",
                                 "-o",
                                 "/dev/null",
                                 "/dev/null",
                                 p->builder.machine,
                                 NULL };
    struct command command = { .argv = argv };
    if (run_all(&command, 1))
        return true;
    error("%s cannot build with --sanitize=%s; address and undefined are among those that it knows, and none "
          "is for none",
          p->builder.cc, p->sanitize);
    return false;
}
