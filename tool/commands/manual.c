/* Manual pages and completions, from the same tables as --help. */
#include <string.h>

#include "base/files.h"
#include "base/keep.h"
#include "base/out.h"
#include "base/strings.h"
#include "commands/cli.h"
#include "target/target.h"

/*
 * Roff reads a leading dot or quote as a request, and a bare hyphen as a typographic one, so these are
 * escaped.
 */
static void print_roff(struct out *out, const char *s)
{
    if (*s == '.' || *s == '\'')
        out_print(out, "\\&");
    for (; *s != '\0'; s++) {
        if (*s == '\\')
            out_print(out, "\\e");
        else if (*s == '-')
            out_print(out, "\\-");
        else
            out_bytes(out, s, 1);
    }
}

static void print_line(struct out *out, const char *before, const char *s, const char *after)
{
    out_print(out, "%s", before);
    print_roff(out, s);
    out_print(out, "%s\n", after);
}

static void print_option(struct out *out, const struct argp_option *o)
{
    out_print(out, ".TP\n\\fB");
    if (o->key < 256)
        print_roff(out, text("-%c, ", o->key));
    print_roff(out, text("--%s", o->name));
    out_print(out, "\\fR%s\\fI%s\\fR\n", o->arg == NULL ? "" : "=", o->arg == NULL ? "" : o->arg);
    print_line(out, "", o->doc, "");
}

static bool write_page(const char *folder, const char *name, struct out *out)
{
    bool ok = file_write(text("%s/%s.1", folder, name), out->data, out->len);
    out_free(out);
    return ok;
}

static bool write_command_page(const char *folder, const struct cli_command *c)
{
    struct out out = { 0 };
    out_print(&out, ".TH MIRAGE\\-%s 1 \"%s\" \"mirage %s\" \"Mirage\"\n.SH NAME\n", c->name, MIRAGE_DATE,
              MIRAGE_VERSION);
    print_line(&out, text("mirage\\-%s \\- ", c->name), c->summary, "");
    out_print(&out, ".SH SYNOPSIS\n\\fBmirage %s\\fR%s ", c->name,
              c->options[0].name == NULL ? "" : " [\\fIOPTION\\fR...]");
    print_line(&out, "", c->usage, "");
    out_print(&out, ".SH DESCRIPTION\n");
    print_line(&out, "", c->description, "");
    if (c->takes_keys)
        out_print(&out, ".PP\nThe configuration's own keys are options too, as "
                        "\\-\\-\\fIKEY\\fR=\\fIVALUE\\fR; \\fBmirage describe\\fR lists them.\n");
    out_print(&out, ".SH OPTIONS\n");
    for (const struct argp_option *o = c->options; o->name != NULL; o++)
        print_option(&out, o);
    print_option(&out, &(struct argp_option){ "help", 'h', NULL, 0, "Print a summary of this page.", 0 });
    out_print(&out, ".SH EXIT STATUS\n0 on success, 1 when the work could not be done, 2 for a mistake on "
                    "the command line.\n.SH SEE ALSO\n\\fBmirage\\fR(1)\n");
    return write_page(folder, text("mirage-%s", c->name), &out);
}

static bool write_main_page(const char *folder)
{
    struct out out = { 0 };
    out_print(&out,
              ".TH MIRAGE 1 \"%s\" \"mirage %s\" \"Mirage\"\n.SH NAME\nmirage \\- compose an application "
              "from functors and build it\n"
              ".SH SYNOPSIS\n\\fBmirage\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.SH "
              "DESCRIPTION\n"
              "An application is written once, in C, against module types; a configuration in C says which "
              "functors make it up. "
              "\\fBmirage\\fR type\\-checks that composition with the C compiler, evaluates it, generates "
              "main.c and every functor instance, and builds the program.\n"
              ".SH COMMANDS\n",
              MIRAGE_DATE, MIRAGE_VERSION);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        out_print(&out, ".TP\n\\fBmirage %s\\fR\n", c->name);
        print_line(&out, "", c->summary, text("; see \\fBmirage\\-%s\\fR(1)", c->name));
    }
    out_print(&out, ".SH TARGETS\n");
    for (size_t i = 0; targets[i] != NULL; i++) {
        out_print(&out, ".TP\n.B %s\n", targets[i]->name);
        print_line(&out, "", targets[i]->summary, "");
    }
    out_print(&out, ".SH ENVIRONMENT\n");
    for (const struct cli_variable *v = cli_environment; v->name != NULL; v++) {
        out_print(&out, ".TP\n.B %s\n", v->name);
        print_line(&out, "", v->doc, "");
    }
    return write_page(folder, "mirage", &out);
}

bool cli_write_manuals(const char *folder)
{
    bool ok = write_main_page(folder);
    for (const struct cli_command *c = cli_commands; ok && c->name != NULL; c++)
        ok = write_command_page(folder, c);
    return ok;
}

static const char *option_words(const struct cli_command *c)
{
    struct strings s = { 0 };
    for (const struct argp_option *o = c->options; o->name != NULL; o++)
        strings_add(&s, text("--%s%s", o->name, o->arg == NULL ? "" : "="));
    strings_add(&s, "--help");
    return strings_join(&s, " ");
}

static const char *target_words(void)
{
    struct strings names = { 0 };
    for (size_t i = 0; targets[i] != NULL; i++)
        strings_add(&names, targets[i]->name);
    return strings_join(&names, " ");
}

/* The processors that some target exists for. */
static const char *arch_words(void)
{
    struct strings names = { 0 };
    for (size_t i = 0; targets[i] != NULL; i++)
        for (const char *const *name = targets[i]->arches; *name != NULL; name++)
            if (!strings_has(&names, *name))
                strings_add(&names, *name);
    return strings_join(&names, " ");
}

static bool write_bash(const char *folder)
{
    struct out out = { 0 };
    struct strings names = { 0 };
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        strings_add(&names, c->name);
    const char *commands = strings_join(&names, " ");
    out_print(&out,
              "# bash completion of mirage\n_mirage()\n{\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\n   "
              " COMPREPLY=()\n"
              "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"%s --help "
              "--version\" -- \"$cur\"))\n        return\n    fi\n"
              "    case ${COMP_WORDS[1]} in\n",
              commands);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        out_print(&out, "    %s) words=\"%s\" ;;\n", c->name,
                  strcmp(c->name, "help") == 0 ? text("%s %s modules signatures", option_words(c), commands)
                                               : option_words(c));
    /* Bash splits --option=value at the equals sign. */
    out_print(&out,
              "    esac\n    local option=${COMP_WORDS[COMP_CWORD - 2]}\n"
              "    [ \"$cur\" != = ] || { option=${COMP_WORDS[COMP_CWORD - 1]}; cur=; }\n"
              "    case $option in\n    --target) words=\"%s\" ;;\n    --arch) words=\"%s\" ;;\n    --cc) "
              "words=\"gcc clang\" ;;\n    *) "
              "option= ;;\n    esac\n"
              "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n    [ -z \"$option\" ] || return 0\n",
              target_words(), arch_words());
    out_print(&out, "    case $cur in -*) ;; *) COMPREPLY+=($(compgen -d -- \"$cur\")) ;; esac\n"
                    "    [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n    return 0\n}\ncomplete -o "
                    "filenames -F _mirage mirage\n");
    bool ok = file_write(text("%s/mirage.bash", folder), out.data, out.len);
    out_free(&out);
    return ok;
}

/* Escape a text for a zsh specification in single quotes. */
static const char *zsh_text(const char *s)
{
    struct out out = { 0 };
    for (; *s != '\0'; s++) {
        if (*s == '\'')
            out_print(&out, "'\\''");
        else if (*s == '[' || *s == ']' || *s == ':')
            out_print(&out, "\\%c", *s);
        else
            out_bytes(&out, s, 1);
    }
    return out_keep(&out);
}

static bool write_zsh(const char *folder)
{
    struct out out = { 0 };
    out_print(&out, "#compdef mirage\n# zsh completion of mirage\nlocal -a commands\ncommands=(\n");
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        out_print(&out, "  '%s:%s'\n", c->name, zsh_text(c->summary));
    out_print(
        &out,
        ")\nif (( CURRENT == 2 )); then\n  _describe command commands\n  return\nfi\ncase $words[2] in\n");
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        out_print(&out, "%s)\n  _arguments '1: :'", c->name);
        for (const struct argp_option *o = c->options; o->name != NULL; o++)
            out_print(&out, " \\\n    '--%s%s[%s]%s'", o->name, o->arg == NULL ? "" : "=", zsh_text(o->doc),
                      o->arg == NULL ? "" : text(":%s:", o->arg));
        out_print(&out, strcmp(c->name, "help") == 0 ? " \\\n    '2: :_describe command commands'\n  ;;\n"
                                                     : " \\\n    '2:folder:_files -/'\n  ;;\n");
    }
    out_print(&out, "esac\n");
    bool ok = file_write(text("%s/_mirage", folder), out.data, out.len);
    out_free(&out);
    return ok;
}

bool cli_write_completions(const char *folder)
{
    return write_bash(folder) && write_zsh(folder);
}
