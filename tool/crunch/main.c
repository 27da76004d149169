/* The command line of mirage-crunch. */
#include "crunch.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "Usage: mirage-crunch [--markdown] [--name SYMBOL] [--depfile FILE] -o OUT.S DIR\n"
    "\n"
    "Turn the files below DIR into an assembly file with a read-only index of them,\n"
    "and OUT.pack with their contents, which it includes.\n"
    "\n"
    "  -o, --output OUT.S   the assembly file to write\n"
    "      --name SYMBOL    the index's symbol (default: crunch_data)\n"
    "      --markdown       render each X.md to X.html and X.title\n"
    "      --depfile FILE   write what the result depends on, for ninja and make\n"
    "  -h, --help           show this\n";

struct options {
    const char *root, *output, *symbol, *depfile;
    bool markdown;
};

static bool symbol_valid(const char *symbol)
{
    if (*symbol >= '0' && *symbol <= '9')
        return false;
    for (const char *c = symbol; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
            return false;
    return *symbol != '\0';
}

/* The path of the pack: OUT.pack for OUT.S, or else the name with .pack appended. */
static char *pack_path(const char *output)
{
    size_t len = strlen(output);
    char *path;

    if (len > 2 && strcmp(output + len - 2, ".S") == 0)
        len -= 2;
    return asprintf(&path, "%.*s.pack", (int)len, output) < 0 ? NULL : path;
}

static bool crunch(const struct options *options)
{
    struct tree tree = { 0 };
    char real_out[PATH_MAX] = "", *pack = pack_path(options->output), *copy = strdup(options->output);
    bool ok = false;

    if (!pack || !copy) {
        fail("no memory");
        goto out;
    }
    if (!realpath(dirname(copy), real_out)) {
        fail("%s: can't be written: %s", options->output, strerror(errno));
        goto out;
    }
    ok = tree_read(&tree, options->root, real_out) && (!options->markdown || markdown_render(&tree)) &&
         tree_sort(&tree) && encode_files(&tree) && emit_pack(&tree, pack) &&
         emit_assembly(&tree, options->output, pack, options->symbol) &&
         (!options->depfile || emit_depfile(&tree, options->depfile, options->output));
    /* An incomplete result is removed, because it would be taken for up to date. */
    if (!ok)
        unlink(options->output);
out:
    tree_free(&tree);
    free(pack);
    free(copy);
    return ok;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        { "output", required_argument, NULL, 'o' },  { "name", required_argument, NULL, 'n' },
        { "depfile", required_argument, NULL, 'd' }, { "markdown", no_argument, NULL, 'm' },
        { "help", no_argument, NULL, 'h' },          { 0 },
    };
    struct options options = { .symbol = "crunch_data" };
    int c;

    while ((c = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
        switch (c) {
        case 'o': options.output = optarg; break;
        case 'n': options.symbol = optarg; break;
        case 'd': options.depfile = optarg; break;
        case 'm': options.markdown = true; break;
        case 'h': fputs(usage, stdout); return 0;
        default: return 2;
        }
    }
    if (optind + 1 != argc || !options.output) {
        fputs(usage, stderr);
        return 2;
    }
    if (!symbol_valid(options.symbol)) {
        fail("--name %s: is not a C identifier", options.symbol);
        return 2;
    }
    options.root = argv[optind];
    return crunch(&options) ? 0 : 1;
}
