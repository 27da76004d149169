/*
 * The reference pages in Markdown. Commands come from the tables of --help, modules from the catalogue and
 * the declarations in their sources, and signatures from their headers. docs/ holds the pages as they are
 * written here.
 */
#include <ctype.h>
#include <string.h>

#include <catalog/catalog.h>
#include "base/files.h"
#include "base/keep.h"
#include "base/out.h"
#include "base/paths.h"
#include "base/strings.h"
#include "commands/cli.h"
#include "composition/signatures.h"
#include "target/target.h"

static const char *made_by(const char *title)
{
    return text(
        "# %s\n\n<!-- Made by `mirage help --markdown DIR`; change the sources, not this page. -->\n\n",
        title);
}

/* The text as a cell of a table. */
static const char *cell(const char *s)
{
    struct out out = { 0 };
    for (; s != NULL && *s != '\0'; s++)
        out_print(&out, *s == '|' ? "\\|" : *s == '\n' ? " " : "%c", *s);
    return out.len == 0 ? "" : out_keep(&out);
}

static void print_command(struct out *out, const struct cli_command *c)
{
    out_print(out, "## mirage %s\n\n", c->name);
    out_print(out, "`mirage %s%s%s%s` – %s.\n\n%s\n\n", c->name,
              c->options[0].name == NULL ? "" : " [OPTION...]", *c->usage == '\0' ? "" : " ", c->usage,
              c->summary, c->description);
    if (c->run == command_targets)
        out_print(out, "%s\n", targets_table());
    out_print(out, "| Option | |\n| --- | --- |\n");
    for (const struct argp_option *o = c->options; o->name != NULL; o++)
        out_print(out, "| `%s--%s%s%s` | %s |\n", o->key < 256 ? text("-%c`, `", o->key) : "", o->name,
                  o->arg == NULL ? "" : "=", o->arg == NULL ? "" : o->arg, cell(o->doc));
    out_print(out, "| `-h`, `--help` | This text |\n\n");
    if (c->takes_keys)
        out_print(out, "The configuration's own keys are options too, as `--KEY=VALUE`; `mirage describe` "
                       "lists them.\n\n");
}

static const char *commands_page(void)
{
    struct out out = { 0 };
    out_print(
        &out,
        "%s`mirage help COMMAND`, `mirage COMMAND --help` and the manual pages say the same. FOLDER is the "
        "folder of the application's `config.c`, the working directory when it is left out. A command ends "
        "with status 0 on success, 1 when the work could not be done, and 2 for a mistake on the command "
        "line.\n\n| Command | |\n| --- | --- |\n",
        made_by("Commands"));
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        out_print(&out, "| [mirage %s](#mirage-%s) | %s |\n", c->name, c->name, cell(c->summary));
    out_print(&out, "\n");
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++)
        print_command(&out, c);
    out_print(&out, "## Environment\n\n| Variable | |\n| --- | --- |\n");
    for (const struct cli_variable *v = cli_environment; v->name != NULL; v++)
        out_print(&out, "| `%s` | %s |\n", v->name, cell(v->doc));
    return out_keep(&out);
}

static const char *signature_link(const char *name)
{
    char *anchor = keep_string(name);
    for (char *c = anchor; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return text("[%s](signatures.md#%s)", name, anchor);
}

static const char *option_name(const char *identifier)
{
    char *name = keep_string(identifier);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    return name;
}

/* The text up to the first full stop that a space follows. */
static const char *first_sentence(const char *doc)
{
    const char *end = strstr(doc, ". ");
    return end == NULL ? doc : keep_bytes(doc, (size_t)(end - doc) + 1);
}

static void print_keys(struct out *out, const struct description *d)
{
    if (d->key_count == 0)
        return;
    out_print(out, "| Key | Type | Default | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < d->key_count; i++) {
        const struct declared_key *k = &d->keys[i];
        out_print(out, "| `%s` | %s%s%s | %s | %s |\n", k->name, k->kind,
                  *declared_key_range(k) == '\0' ? "" : ", ", cell(declared_key_range(k)),
                  *k->value == '\0' ? "" : text("`%s`", cell(k->value)), cell(k->doc));
    }
    out_print(out, "\n");
}

static void print_args(struct out *out, const struct description *d)
{
    if (d->arg_count == 0)
        return;
    out_print(out, "| Argument | Type | Default | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < d->arg_count; i++) {
        const struct declared_arg *a = &d->args[i];
        char *type = keep_string(a->type);
        for (char *c = type; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
        out_print(out, "| `--%s` | %s | %s | %s |\n", option_name(a->name), type,
                  a->value == NULL ? "" : text("`%s`", cell(a->value)), cell(a->doc));
    }
    out_print(out, "\n");
}

/* ", on the target linux" when not every target has the module, or "". */
static const char *where_it_is(const char *source)
{
    struct strings names = { 0 };
    size_t all = 0;
    for (; targets[all] != NULL; all++)
        if (target_has(targets[all], source))
            strings_add(&names, targets[all]->name);
    return names.count == all
               ? ""
               : text(", on the target%s %s", names.count == 1 ? "" : "s", strings_join(&names, ", "));
}

static const char *pure_libraries(const struct description *d)
{
    struct strings names = { 0 };
    for (size_t i = 0; i < d->uses.count; i++)
        strings_add(&names, text("`base/%s`", d->uses.items[i]));
    return strings_join(&names, ", ");
}

static void print_source(struct out *out, const struct catalog_entry *e, const struct description *d)
{
    struct strings libraries = { 0 };
    for (size_t i = 0; i < d->libraries.count; i++)
        strings_add(&libraries, text("`%s`", d->libraries.items[i]));
    out_print(out, "- Source: `%s`, the module `%s`%s\n", e->source, d->module->name, where_it_is(e->source));
    for (size_t i = 0; i < d->param_count; i++)
        out_print(out, "- Parameter `%s`: %s%s\n", d->params[i].name, signature_link(d->params[i].signature),
                  e->params[i].argument < 0 ? ", the target's" : "");
    if (d->uses.count > 0)
        out_print(out, "- Pure libraries: %s\n", pure_libraries(d));
    if (libraries.count > 0)
        out_print(out, "- System libraries: %s\n", strings_join(&libraries, ", "));
    if (d->generated != NULL)
        out_print(out, "- Its data is made by `mirage-%s` when it is built\n", d->generated->program);
    out_print(out, "\n");
    print_keys(out, d);
    print_args(out, d);
}

/* "; `direct` on sim": the targets on which the key has another default. */
static const char *other_defaults(const struct catalog_choice *c)
{
    struct strings all = { 0 };
    for (size_t i = 0; targets[i] != NULL; i++) {
        const char *value = target_default(targets[i], c->name, c->default_value);
        if (strcmp(value, c->default_value) != 0)
            strings_add(&all, text("; `%s` on %s", value, targets[i]->name));
    }
    return strings_join(&all, "");
}

static void print_choices(struct out *out)
{
    out_print(out, "## Configure-time keys\n\nThe catalogue declares these; they are options of `mirage` for "
                   "every application that uses a module they choose.\n\n"
                   "| Key | Default | |\n| --- | --- | --- |\n");
    for (const struct catalog_choice *c = catalog_choices; c->name != NULL; c++) {
        struct strings choices = { 0 };
        for (const char *const *value = c->choices; *value != NULL; value++)
            strings_add(&choices, *value);
        out_print(out, "| `--%s=%s` | `%s`%s | %s |\n", c->name, strings_join(&choices, "\\|"),
                  c->default_value, other_defaults(c), cell(c->doc));
    }
}

/* Whether the module's source is there. An installation may leave some of them out. */
static bool is_shipped(const struct installation *where, const struct catalog_entry *e)
{
    return e->source == NULL || file_exists(path_join(where->root, e->source)) ||
           folder_exists(path_join(where->root, e->source));
}

/* Print the modules that have this role, with their targets. */
static void print_role(struct out *out, const struct catalog_entry *e)
{
    size_t count = 0;
    for (size_t i = 0; e->role != NULL && targets[i] != NULL; i++) {
        const struct target_module *m = target_role(targets[i], e->role);
        const struct catalog_entry *maker = m == NULL ? NULL : catalog_of_source(m->source);
        if (maker == NULL)
            continue;
        out_print(out, "- On the target %s it is [%s](#%s)\n", targets[i]->name, maker->name, maker->name);
        count++;
    }
    if (count > 0)
        out_print(out, "\n");
}

static const char *modules_page(const struct installation *where)
{
    struct out out = { 0 };
    struct strings sources = { 0 }, paths = { 0 };
    struct description *described;
    for (const struct catalog_entry *e = catalog_entries; e->name != NULL; e++)
        if (e->source != NULL && is_shipped(where, e))
            strings_add(&sources, e->source);
    for (size_t i = 0; i < sources.count; i++)
        strings_add(&paths, path_join(where->root, sources.items[i]));
    if (!read_sources(where, NULL, &paths, &described))
        return NULL;
    out_print(&out,
              "%sThe modules that are shipped, each by the function of `<mirage/catalog.h>` that gives it to "
              "a configuration. Keys are constants of the source, "
              "set with `set_int` and its kin; arguments are read when the program starts. [The "
              "configuration language](configuration.md) explains both.\n\n"
              "| Function | Gives | |\n| --- | --- | --- |\n",
              made_by("Modules"));
    for (const struct catalog_entry *e = catalog_entries; e->name != NULL; e++)
        if (is_shipped(where, e))
            out_print(&out, "| [%s](#%s) | %s | %s |\n", e->name, e->name, signature_link(e->result),
                      cell(first_sentence(e->doc)));
    out_print(&out, "\n");
    for (const struct catalog_entry *e = catalog_entries; e->name != NULL; e++) {
        if (!is_shipped(where, e))
            continue;
        out_print(&out, "## %s\n\n```c\n%s\n```\n\n%s\n\n", e->name, e->prototype, e->doc);
        for (size_t i = 0; e->source != NULL && i < sources.count; i++)
            if (strcmp(sources.items[i], e->source) == 0)
                print_source(&out, e, &described[i]);
        print_role(&out, e);
        if (e->key != NULL)
            out_print(&out, "- Chosen by the key [`--%s`](#configure-time-keys)\n\n", e->key);
    }
    print_choices(&out);
    return out_keep(&out);
}

/* Print a word with an underscore as code, unless the comment marks it as code already. */
static void print_prose(struct out *out, const char *s)
{
    bool marked = false;
    while (*s != '\0') {
        size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
        bool name = len > 1 && !marked && memchr(s, '_', len) != NULL;
        marked ^= len == 0 && *s == '`';
        len = len == 0 ? 1 : len;
        out_print(out, "%s%.*s%s", name ? "`" : "", (int)len, s, name ? "`" : "");
        s += len;
    }
}

/*
 * The length of the term that the line defines: "M_write(console, data, len): write …" or "M_peer,
 * M_local(flow, out): …".
 */
static size_t term_length(const char *line)
{
    const char *end = strchr(line, ':');
    const char *close = strchr(line, ')');
    if (strncmp(line, "M_", 2) != 0 || end == NULL || (close != NULL && close > end))
        return 0;
    return (size_t)(end - line);
}

/* Print one line of the contract. The line comes without its leading " * ". */
static void print_contract_line(struct out *out, const char *line, bool *code, bool *item)
{
    size_t indent = strspn(line, " ");
    if (*code && indent < 4) {
        out_print(out, "```\n");
        *code = false;
    }
    if (indent >= 4 && !*item) {
        out_print(out, "%s%s\n", *code ? "" : "```c\n", line + 4);
        *code = true;
        return;
    }
    if (line[indent] == '\0') {
        out_print(out, "\n");
        *item = false;
        return;
    }
    size_t term = indent == 0 ? term_length(line) : 0;
    if (term > 0) {
        out_print(out, "- `%.*s`:", (int)term, line);
        line += term + 1;
        *item = true;
    } else if (indent == 0 && *item) {
        out_print(out, "\n");
        *item = false;
    }
    if (*item && term == 0)
        out_print(out, "  ");
    print_prose(out, term > 0 ? line : line + indent);
    out_print(out, "\n");
}

/* Print the declarations, without the include guard. */
static void print_declarations(struct out *out, const char *header)
{
    const char *begin = strstr(header, "#define MIRAGE_SIG_");
    const char *end = begin == NULL ? NULL : strrchr(begin, '#');
    if (end == NULL)
        return;
    begin = strchr(begin, '\n');
    while (begin < end && *begin == '\n')
        begin++;
    while (end > begin && end[-1] == '\n')
        end--;
    out_print(out, "```c\n%.*s\n```\n\n", (int)(end - begin), begin);
}

static void print_signature(struct out *out, const char *header)
{
    bool code = false, item = false;
    const char *end = strstr(header, "*/");
    char *save, *line;
    char *contract = keep_bytes(header, end == NULL ? 0 : (size_t)(end - header));
    line = strtok_r(contract, "\n", &save);
    for (line = strtok_r(NULL, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        char *s = line + strspn(line, " ");
        s += *s == '*';
        s += *s == ' ';
        size_t name = strcspn(s, ":");
        if (line == contract + strlen("/*\n")) {
            out_print(out, "## %.*s\n\n", (int)name, s);
            s += name + (s[name] == ':');
            s += strspn(s, " ");
            *s = (char)toupper((unsigned char)*s);
        }
        print_contract_line(out, s, &code, &item);
    }
    if (code)
        out_print(out, "```\n");
    print_declarations(out, header);
}

static const char *signatures_page(const struct installation *where)
{
    struct out out = { 0 };
    struct signatures signatures;
    if (!signatures_read(where->include, &signatures))
        return NULL;
    out_print(&out,
              "%sA signature is a header in `include/mirage/sig/`: its contract, then a macro that declares "
              "the types and operations of a module named `M`. "
              "`IO` marks what may suspend the calling fiber. Operations whose names begin with `on_` are "
              "events: the module calls them, and a functor "
              "that has the module as its parameter defines them. [Functors](functors.md) explains how to "
              "write one.\n\n",
              made_by("Signatures"));
    for (size_t i = 0; i < signatures.count; i++)
        print_signature(&out, signatures.items[i].text);
    return out_keep(&out);
}

const struct cli_page cli_pages[] = {
    { "commands", "what each command does", NULL },
    { "modules", "the modules that are shipped", modules_page },
    { "signatures", "the signatures' contracts", signatures_page },
    { 0 },
};

const char *cli_page_text(const struct cli_page *page)
{
    struct installation where;
    if (page->make == NULL)
        return commands_page();
    return installation_find(&where) ? page->make(&where) : NULL;
}

bool cli_write_reference(const char *folder)
{
    for (const struct cli_page *page = cli_pages; page->name != NULL; page++) {
        const char *said = cli_page_text(page);
        if (said == NULL)
            return false;
        /* Pages end with one line feed. */
        size_t len = strlen(said);
        while (len > 1 && said[len - 2] == '\n')
            len--;
        if (!file_write(text("%s/%s.md", folder, page->name), said, len))
            return false;
    }
    return true;
}
