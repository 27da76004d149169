#include "commands/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/keep.h"
#include "base/nearest.h"
#include "base/report.h"

enum {
    OPTION_ARCH = 256,
    OPTION_RELEASE,
    OPTION_DEVELOPMENT,
    OPTION_CC,
    OPTION_SANITIZE,
    OPTION_CFLAGS,
    OPTION_LDFLAGS,
    OPTION_DEBUG,
    OPTION_DOT,
    OPTION_SVG,
    OPTION_JSON,
    OPTION_WHERE,
    OPTION_MAN,
    OPTION_COMPLETION,
    OPTION_MARKDOWN,
    OPTION_BIND,
    OPTION_SET,
    OPTION_NAME,
    OPTION_DEPFILE
};

#define CHOICE_OPTIONS                                                                                       \
    { "file", 'f', "FILE", 0, "The configuration in FOLDER (config.c)", 0 },                                 \
        { "target", 't', "TARGET", 0, "What to build for; `mirage targets` lists them", 0 },                 \
        { "arch", OPTION_ARCH, "PROCESSOR", 0, "The processor to build for (this computer's)", 0 },          \
        { "release", OPTION_RELEASE, NULL, 0, "Optimise across all modules (link-time optimisation)", 0 },   \
        { "development", OPTION_DEVELOPMENT, NULL, 0, "Build quickly and for a debugger (the default)", 0 }, \
        { "cc", OPTION_CC, "COMPILER", 0, "The C compiler: gcc or clang (the environment's CC, or cc)", 0 }, \
        { "cflags", OPTION_CFLAGS, "FLAGS", 0, "Flags to compile with (the environment's CFLAGS)", 0 },      \
        { "ldflags", OPTION_LDFLAGS, "FLAGS", 0, "Flags to link with (the environment's LDFLAGS)", 0 },      \
    {                                                                                                        \
        "sanitize", OPTION_SANITIZE, "LIST", 0,                                                              \
            "Build with these sanitizers: address, undefined, …; none for none", 0                           \
    }

static const struct argp_option choice_options[] = { CHOICE_OPTIONS, { 0 } };
static const struct argp_option run_options[] = {
    CHOICE_OPTIONS,
    { "debug", OPTION_DEBUG, NULL, 0, "Start it under a debugger", 0 },
    { 0 },
};
static const struct argp_option describe_options[] = {
    CHOICE_OPTIONS,
    { "dot", OPTION_DOT, NULL, 0, "A picture in Graphviz's language", 0 },
    { "svg", OPTION_SVG, NULL, 0, "A picture as SVG; needs Graphviz's dot", 0 },
    { "json", OPTION_JSON, NULL, 0, "For other programs to read", 0 },
    { "where", OPTION_WHERE, "SYMBOL", 0, "Who calls or defines this operation or event, by file and line",
      0 },
    { "output", 'o', "FILE", 0, "Write there instead of to the terminal", 0 },
    { 0 },
};
static const struct argp_option unit_options[] = {
    { "bind", OPTION_BIND, "PARAMETER=MODULE", 0,
      "What the parameter's operations are called; the test defines them", 0 },
    { "set", OPTION_SET, "KEY=VALUE", 0,
      "A key's value (its default); a list's words have commas between them", 0 },
    { "name", OPTION_NAME, "INSTANCE", 0, "Name its symbols, and its arguments', after this instance", 0 },
    { "cc", OPTION_CC, "COMPILER", 0, "The C compiler that reads it (the environment's CC, or cc)", 0 },
    { "output", 'o', "FILE", 0, "Write there instead of to the terminal", 0 },
    { "depfile", OPTION_DEPFILE, "FILE", 0, "Write there what it was made from, for make and ninja", 0 },
    { 0 },
};
static const struct argp_option clean_options[] = {
    { "file", 'f', "FILE", 0, "The configuration in FOLDER (config.c)", 0 },
    { 0 },
};
static const struct argp_option no_options[] = { { 0 } };
static const struct argp_option help_options[] = {
    { "man", OPTION_MAN, "DIR", 0, "Write the manual pages into DIR", 0 },
    { "completion", OPTION_COMPLETION, "DIR", 0, "Write the completions for bash and zsh into DIR", 0 },
    { "markdown", OPTION_MARKDOWN, "DIR", 0, "Write the pages commands, modules and signatures into DIR", 0 },
    { 0 },
};

const struct cli_command cli_commands[] = {
    { "new", "begin an application", "NAME",
      "Makes the folder NAME with a configuration, a functor that says hello, a test and a README: the "
      "beginning of an application that builds and runs as it is.",
      false, 1, no_options, command_new },
    { "configure", "evaluate the configuration and generate the build", "[FOLDER]",
      "Compiles FOLDER/config.c, evaluates it, checks every functor against its parameters' signatures, and "
      "writes the instances, main.c and build.ninja under FOLDER/_build. "
      "What is chosen here is remembered: later commands in the same folder use it unless they are told "
      "otherwise, until `mirage clean`. When nothing has changed, nothing is done.",
      true, 1, choice_options, command_configure },
    { "build", "configure what has changed and build the program", "[FOLDER]",
      "Configures when that is needed, then compiles and links what has changed. The program is "
      "FOLDER/_build/TARGET/NAME.",
      true, 1, choice_options, command_build },
    { "run", "build the program and start it", "[FOLDER] [-- ARGUMENT...]",
      "Builds when that is needed, then starts the program the way its target is started. What follows -- "
      "are the program's own arguments; `mirage run FOLDER -- --help` lists them.",
      true, 1, run_options, command_run },
    { "test", "build and run the application's tests", "[FOLDER] [NAME...] [-- ARGUMENT...]",
      "A test is a configuration of its own, FOLDER/test/NAME.c: it applies the application's functors to "
      "whatever modules it wants and registers jobs. It passes when the program ends with status 0 "
      "within a minute. With NAMEs, only these are run; with --file, only that configuration of FOLDER. "
      "What follows -- are arguments of each test's program. The last line says `N passed, N failed`.",
      true, INT_MAX, choice_options, command_test },
    { "describe", "show the composition", "[FOLDER]",
      "Prints which functors are applied to what, the modules' sources, the keys and runtime arguments that "
      "they declare, and the pure libraries that they name; or draws it.",
      true, 1, describe_options, command_describe },
    { "unit", "write the C file that a unit test of a functor compiles", "SOURCE",
      "Writes one C file that is the functor in SOURCE, a file or a folder, as an instance of a program is: "
      "its files in one translation unit, with its keys set and its parameters' operations named. A unit "
      "test or a fuzzer includes it, or is linked with it, and plays the parameters itself.",
      false, 1, unit_options, command_unit },
    { "clean", "remove what was generated", "[FOLDER]",
      "Removes FOLDER/_build and FOLDER/compile_commands.json.", false, 1, clean_options, command_clean },
    { "targets", "list the targets", "",
      "Lists what programs can be built for, and for which processors; the first is the default.", false, 0,
      no_options, command_targets },
    { "help", "explain a command", "[COMMAND | PAGE]",
      "Prints what a command does and its options, or a page of the reference in Markdown: commands, modules "
      "or signatures. Without an argument, lists the commands.",
      false, 1, help_options, command_help },
    { 0 },
};

const struct cli_variable cli_environment[] = {
    { "CC", "The C compiler, when --cc is not given." },
    { "CFLAGS", "Further flags to compile with, when --cflags is not given." },
    { "LDFLAGS", "Further flags to link with, when --ldflags is not given." },
    { "MIRAGE_ROOT", "Where the sources of functors lie, when not beside the command." },
    { "XDG_CACHE_HOME", "The runtime's and pure libraries' objects are kept in its folder mirage "
                        "(~/.cache/mirage). When that cannot be written, they are kept in _build/cache." },
    { "NO_COLOR", "When set, messages have no colour." },
    { 0 },
};

const struct cli_command *cli_find(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

struct parsing {
    const struct cli_command *command;
    struct arguments *arguments;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct parsing *p = state->input;
    struct arguments *a = p->arguments;
    switch (key) {
    case 'f': a->choices.file = arg; break;
    case 't': a->choices.target = arg; break;
    case 'o': a->output = arg; break;
    case OPTION_ARCH: a->choices.arch = arg; break;
    case OPTION_DEBUG: a->debug = true; break;
    case OPTION_RELEASE: a->choices.release = 1; break;
    case OPTION_DEVELOPMENT: a->choices.release = 0; break;
    case OPTION_CC: a->choices.cc = arg; break;
    case OPTION_SANITIZE: a->choices.sanitize = arg; break;
    case OPTION_CFLAGS: a->choices.cflags = arg; break;
    case OPTION_LDFLAGS: a->choices.ldflags = arg; break;
    case OPTION_DOT: a->dot = true; break;
    case OPTION_SVG: a->svg = true; break;
    case OPTION_JSON: a->json = true; break;
    case OPTION_WHERE: a->where = arg; break;
    case OPTION_BIND: strings_add(&a->unit.binds, arg); break;
    case OPTION_SET: strings_add(&a->unit.sets, arg); break;
    case OPTION_NAME: a->unit.name = arg; break;
    case OPTION_DEPFILE: a->depfile = arg; break;
    case OPTION_MAN:
        if (!cli_write_manuals(arg))
            exit(1);
        exit(0);
    case OPTION_COMPLETION:
        if (!cli_write_completions(arg))
            exit(1);
        exit(0);
    case OPTION_MARKDOWN:
        if (!cli_write_reference(arg))
            exit(1);
        exit(0);
    case ARGP_KEY_ARG:
        if ((int)a->positional.count >= p->command->most_positional) {
            error("'%s' is one argument too many; the usage is: mirage %s%s%s", arg, p->command->name,
                  *p->command->usage == '\0' ? "" : " ", p->command->usage);
            exit(2);
        }
        strings_add(&a->positional, arg);
        break;
    default: return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static const struct argp_option *find_option(const struct cli_command *command, const char *word)
{
    size_t len = strcspn(word, "=");
    for (const struct argp_option *o = command->options; o->name != NULL; o++)
        if (strlen(o->name) == len && strncmp(o->name, word, len) == 0)
            return o;
    return NULL;
}

/* Every mistake on the command line is one sentence, and the status is 2. */
static void refuse_form(const struct cli_command *command, const char *what)
{
    error("%s; `mirage %s --help` lists the options", what, command->name);
    exit(2);
}

/* Check that the option has a value exactly when it takes one. argp's own message would be two lines. */
static void check_form(const struct cli_command *command, const struct argp_option *o, const char *word,
                       bool has_next)
{
    const char *equals = strchr(word, '=');
    if (o->arg == NULL && equals != NULL)
        refuse_form(command, text("--%s takes no value", o->name));
    if (o->arg != NULL && equals == NULL && !has_next)
        refuse_form(command, text("--%s wants a value: --%s=%s", o->name, o->name, o->arg));
}

/*
 * Check an option of one letter, such as "-t". Each takes a value, in the same word or in the next. Returns
 * whether the next word is the value.
 */
static bool check_letter(const struct cli_command *command, const char *word, bool has_next)
{
    for (const struct argp_option *o = command->options; o->name != NULL; o++)
        if (o->key == word[1]) {
            if (word[2] == '\0' && !has_next)
                refuse_form(command, text("-%c wants a value: -%c %s", word[1], word[1], o->arg));
            return word[2] == '\0';
        }
    refuse_form(command, text("mirage %s has no option %s", command->name, word));
    return false;
}

static void refuse_option(const struct cli_command *command, const char *word)
{
    struct strings names = { 0 };
    char *name = keep_bytes(word, strcspn(word, "="));
    for (const struct argp_option *o = command->options; o->name != NULL; o++)
        strings_add(&names, o->name);
    strings_add(&names, "help");
    const char *near = nearest(name, names.items);
    error("mirage %s has no option --%s%s; `mirage %s --help` lists them", command->name, name,
          near == NULL ? "" : text(" (did you mean --%s?)", near), command->name);
    exit(2);
}

/* Whether what follows "--" belongs to a program that the command starts. Else it is words of the command. */
static bool starts_program(const struct cli_command *command)
{
    return strstr(command->usage, "-- ") != NULL;
}

/*
 * Handle --help, and move the configuration's keys and the arguments of the program from argv to `a`. Returns
 * how many words are left in argv.
 */
static int take_own(const struct cli_command *command, int argc, char **argv, struct arguments *a)
{
    int kept = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "-?") == 0) {
            cli_help(command);
            exit(0);
        }
        if (strcmp(argv[i], "--") == 0) {
            if (starts_program(command))
                strings_add_all(&a->program, (const char **)argv + i + 1, (size_t)(argc - i - 1));
            else
                while (i < argc)
                    argv[kept++] = argv[i++];
            break;
        }
        bool option = strncmp(argv[i], "--", 2) == 0,
             letter = !option && argv[i][0] == '-' && argv[i][1] != '\0', has_next = i + 1 < argc;
        const struct argp_option *known = option ? find_option(command, argv[i] + 2) : NULL;
        if (known != NULL)
            check_form(command, known, argv[i] + 2, has_next);
        bool takes_next = known != NULL && known->arg != NULL && strchr(argv[i], '=') == NULL;
        if (letter)
            takes_next = check_letter(command, argv[i], has_next);
        if (!option || known != NULL) {
            argv[kept++] = argv[i];
            if (takes_next)
                argv[kept++] = argv[++i];
        } else if (command->takes_keys) {
            strings_add(&a->choices.keys, argv[i] + 2);
        } else {
            refuse_option(command, argv[i] + 2);
        }
    }
    argv[kept] = NULL;
    return kept;
}

int cli_run(const struct cli_command *command, int argc, char **argv)
{
    struct arguments a = { .choices = { .release = -1 } };
    struct argp argp = { .options = command->options, .parser = parse_option };
    char *name = text("mirage %s", command->name);
    argc = take_own(command, argc, argv, &a);
    argv[0] = name;
    error_t failed = argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &(struct parsing){ command, &a });
    if (failed != 0)
        return 2;
    if (a.positional.count > 0)
        a.choices.folder = a.positional.items[0];
    return command->run(command, &a);
}

static void print_wrapped(FILE *to, const char *s, int indent, int width)
{
    int column = 0;
    while (*s != '\0') {
        size_t len = strcspn(s, " ");
        if (column > 0 && column + 1 + (int)len > width - indent) {
            fputc('\n', to);
            column = 0;
        }
        if (column == 0)
            fprintf(to, "%*s", indent, "");
        else
            fputc(' ', to), column++;
        fprintf(to, "%.*s", (int)len, s);
        column += (int)len;
        s += len + strspn(s + len, " ");
    }
    fputc('\n', to);
}

static void print_option(FILE *to, const struct argp_option *o)
{
    const char *shorter = o->key < 256 ? text("-%c, ", o->key) : "    ";
    char *left =
        text("  %s--%s%s%s", shorter, o->name, o->arg == NULL ? "" : "=", o->arg == NULL ? "" : o->arg);
    if (strlen(left) > 28)
        fprintf(to, "%s\n%30s%s\n", left, "", o->doc);
    else
        fprintf(to, "%-30s%s\n", left, o->doc);
}

void cli_help(const struct cli_command *command)
{
    printf("Usage: mirage %s%s%s%s\n\n", command->name,
           command->options[0].name == NULL ? "" : " [OPTION...]", *command->usage == '\0' ? "" : " ",
           command->usage);
    print_wrapped(stdout, command->description, 0, 80);
    printf("\n");
    if (command->run == command_targets)
        printf("%s\n", targets_text());
    for (const struct argp_option *o = command->options; o->name != NULL; o++)
        print_option(stdout, o);
    print_option(stdout, &(struct argp_option){ "help", 'h', NULL, 0, "This text", 0 });
    if (command->takes_keys)
        printf("\nThe configuration's own keys are options too, as --KEY=VALUE; `mirage describe`\nlists "
               "them.\n");
}

void cli_overview(FILE *to)
{
    fprintf(to, "Usage: mirage COMMAND [OPTION...] [ARGUMENT...]\n\nComposes an application from functors "
                "and builds it.\n\n");
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        fprintf(to, "  %-12s%s\n", c->name, c->summary);
    fprintf(to, "\nThe targets are: %s.\n", targets_names());
    fprintf(to, "\n`mirage help COMMAND` explains one; `mirage --version` tells the version.\n");
}
