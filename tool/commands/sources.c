/* Reading functors' sources for a command that belongs to no application. */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "base/report.h"
#include "base/strings.h"
#include "commands/cli.h"

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

bool read_sources(const struct installation *where, const char *cc, const struct strings *sources,
                  struct description **out)
{
    char cache[] = "/tmp/mirage-sources-XXXXXX";
    cc = cc != NULL ? cc : getenv("CC");
    cc = cc == NULL || *cc == '\0' ? "cc" : cc;
    struct strings argv = { 0 };
    strings_add_words(&argv, cc);
    strings_add(&argv, "--version");
    struct command command = { .argv = argv.items };
    if (!run_all(&command, 1)) {
        error("there is no C compiler '%s', which reads the modules' sources", cc);
        return false;
    }
    const struct compiler compiler = { .cc = cc,
                                       .version = command.out,
                                       .is_clang = strstr(command.out, "clang") != NULL,
                                       .include = where->include,
                                       .root = where->root };
    if (mkdtemp(cache) == NULL) {
        error("cannot make a temporary folder in /tmp");
        return false;
    }
    bool ok = describe_all(&compiler, cache, sources->items, sources->count, out);
    nftw(cache, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return ok;
}
