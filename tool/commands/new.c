/* mirage new: the beginning of an application. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/report.h"
#include "base/strings.h"
#include "commands/cli.h"

struct template
{
    const char *path, *text; /* NAME is replaced by the application's name */
};

static const struct template templates[] = {
    { "config.c", "#include <mirage/config.h>\n"
                  "\n"
                  "void config(void)\n"
                  "{\n"
                  "    functor(JOB, CONSOLE) NAME = foreign(\"unikernel.c\", JOB, CONSOLE);\n"
                  "    register_job(\"NAME\", apply(NAME, default_console()));\n"
                  "}\n" },
    { "unikernel.c", "#include <mirage/functor.h>\n"
                     "\n"
                     "PARAM(CONSOLE, console);\n"
                     "MODULE(JOB, NAME);\n"
                     "\n"
                     "ARG_STRING(greeting, \"hello\", \"what to say\");\n"
                     "\n"
                     "IO err NAME_start(struct console *console)\n"
                     "{\n"
                     "    return console_log(console, greeting);\n"
                     "}\n" },
    { "test/greets.c",
      "#include <mirage/config.h>\n"
      "\n"
      "/* A test is a composition of its own; it passes when its jobs end without an error. */\n"
      "void config(void)\n"
      "{\n"
      "    functor(JOB, CONSOLE) NAME = foreign(\"../unikernel.c\", JOB, CONSOLE);\n"
      "    register_job(\"greets\", apply(NAME, default_console()));\n"
      "}\n" },
    { ".gitignore", "_build/\ncompile_commands.json\n" },
    { "README.md", "# NAME\n"
                   "\n"
                   "`mirage run` builds and starts it, `mirage run -- --help` lists its arguments,\n"
                   "`mirage describe` shows what it is made of, and `mirage test` runs its tests.\n" },
};

static bool is_identifier(const char *name)
{
    if (!isalpha((unsigned char)*name))
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

/* Such names are those of signatures and macros. */
static bool is_in_capitals(const char *name)
{
    for (; *name != '\0'; name++)
        if (islower((unsigned char)*name))
            return false;
    return true;
}

/* Whether the name is a word of C or one that the application's files use. */
static bool is_taken(const char *name)
{
    static const char *const words[] = {
        "auto",    "break",  "case",     "char",    "const",        "continue",        "default",
        "do",      "double", "else",     "enum",    "extern",       "float",           "for",
        "goto",    "if",     "inline",   "int",     "long",         "register",        "restrict",
        "return",  "short",  "signed",   "sizeof",  "static",       "struct",          "switch",
        "typedef", "union",  "unsigned", "void",    "volatile",     "while",           "asm",
        "typeof",  "bool",   "true",     "false",   "config",       "console",         "greeting",
        "err",     "apply",  "foreign",  "functor", "register_job", "default_console", NULL,
    };
    return listed(words, name);
}

/* The application's name is also its functor's, so hello-web becomes hello_web. */
static char *identifier(const char *name)
{
    char *id = keep_string(name);
    for (char *c = id; *c != '\0'; c++)
        if (*c == '-' || *c == '.')
            *c = '_';
    return id;
}

/* Why the functor, the job and the files of an application cannot have the name, or NULL. */
static const char *wrong_with(const char *name)
{
    if (*name == '_')
        return "its job is named so, and a job's name begins with a letter";
    if (!is_identifier(name))
        return text("its functor is named so in C, and '%s' is no C identifier", name);
    if (is_in_capitals(name))
        return "its functor is named so in C, where names in capitals are those of signatures and macros";
    if (is_taken(name))
        return text("its functor is named so in C, where '%s' has a meaning already", name);
    return NULL;
}

static bool write_template(const char *folder, const char *name, const struct template *t)
{
    struct out out = { 0 };
    const char *at = t->text;
    for (const char *found; (found = strstr(at, "NAME")) != NULL; at = found + 4) {
        out_bytes(&out, at, (size_t)(found - at));
        out_print(&out, "%s", name);
    }
    out_print(&out, "%s", at);
    bool ok = file_write(text("%s/%s", folder, t->path), out.data, out.len);
    out_free(&out);
    return ok;
}

int command_new(const struct cli_command *command, struct arguments *a)
{
    if (a->positional.count == 0) {
        error("the application needs a name; the usage is: mirage %s %s", command->name, command->usage);
        return 2;
    }
    char *folder = keep_string(a->positional.items[0]);
    for (size_t len = strlen(folder); len > 1 && folder[len - 1] == '/'; len--)
        folder[len - 1] = '\0';
    const char *name = identifier(path_name(folder)), *wrong = wrong_with(name);
    if (wrong != NULL) {
        error("'%s' cannot be an application's name: %s", path_name(folder), wrong);
        return 2;
    }
    if (file_exists(folder) || folder_exists(folder)) {
        error_at(folder, 0, "this exists already; choose another name, or remove it first");
        return 1;
    }
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
        if (!write_template(folder, name, &templates[i]))
            return 1;
    printf("%s is made; start it with: mirage run %s\n", folder, folder);
    return 0;
}
