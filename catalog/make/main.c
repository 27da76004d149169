/*
 * catalog-maker CC ROOT CACHE HEADER TABLE FUNCTIONS DEPFILE: make the catalogue from the signatures and the
 * sources of the modules below ROOT. What is as it was is not written, so that nothing is compiled in vain;
 * DEPFILE names what all of it follows from, folders too, so that a new module or signature is noticed.
 */
#include <string.h>

#include "base/files.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/report.h"
#include "base/strings.h"
#include "write.h"

static bool write_text(const char *path, const char *data)
{
    return file_write(path, data, strlen(data));
}

static bool write_depfile(const char *path, const char *output, const struct strings *inputs)
{
    struct out out = { 0 };
    out_print(&out, "%s:", output);
    for (size_t i = 0; i < inputs->count; i++) {
        out_print(&out, " \\\n  ");
        for (const char *c = inputs->items[i]; *c != '\0'; c++)
            out_print(&out, *c == '$' ? "$%c" : strchr(" #\\", *c) != NULL ? "\\%c" : "%c", *c);
    }
    out_print(&out, "\n");
    bool ok = file_write(path, out.data, out.len);
    out_free(&out);
    return ok;
}

int main(int argc, char *argv[])
{
    struct signatures signatures;
    struct functions functions;
    if (argc != 8)
        return 2;
    const char *root = path_absolute(argv[2]), *cc = argv[1];
    const char *const version[] = { cc, "--version", NULL };
    struct command command = { .argv = version };
    if (!run_all(&command, 1)) {
        error("there is no C compiler '%s', which reads the modules' sources", cc);
        return 1;
    }
    const struct compiler compiler = { .cc = cc,
                                       .version = command.out,
                                       .is_clang = strstr(command.out, "clang") != NULL,
                                       .include = path_join(root, "include"),
                                       .root = root };
    if (!signatures_read(compiler.include, &signatures) ||
        !functions_read(&compiler, argv[3], root, path_join(root, "catalog/choices.c"), &functions) ||
        !write_text(argv[4], header_text(&signatures, &functions)) ||
        !write_text(argv[5], table_text(&functions)) || !write_text(argv[6], functions_text(&functions)))
        return 1;
    strings_add_all(&functions.inputs, signatures.inputs.items, signatures.inputs.count);
    return write_depfile(argv[7], argv[4], &functions.inputs) ? 0 : 1;
}
