/*
 * Runtime arguments: parsing the command line. A name is an argument's own, which sets that argument of every
 * instance, or INSTANCE-name. Hyphens and underscores are the same.
 */
#include "arg_private.h"

#include <stdio.h>
#include <stdlib.h>

#include <base/text/distance.h>

/* A message on the console, in one write. */
__attribute__((format(printf, 2, 3))) static enum arg_result bad(const struct arg_program *program,
                                                                 const char *format, ...)
{
    char text[768];
    va_list args;
    int head = snprintf(text, sizeof text, "%.64s: ", program->name);
    va_start(args, format);
    vsnprintf(text + head, sizeof text - (size_t)head - 1, format, args);
    va_end(args);
    size_t len = strlen(text);
    text[len++] = '\n';
    platform_console_write(PLATFORM_LOG, text, len);
    return ARG_BAD;
}

void arg_name(char *out, const char *instance, const char *name)
{
    int head = 0;
    if (instance != NULL)
        head = snprintf(out, ARG_NAME_SIZE / 2, "%s-", instance);
    if (head >= ARG_NAME_SIZE / 2)
        head = ARG_NAME_SIZE / 2 - 1;
    snprintf(out + head, ARG_NAME_SIZE / 2, "%s", name);
    for (char *c = out + head; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
}

/* Whether the `len` bytes of `text` are `name`, hyphens and underscores being the same. */
static bool names(const char *text, size_t len, const char *name)
{
    for (; len > 0 && *name != '\0'; text++, name++, len--)
        if ((*text == '_' ? '-' : *text) != (*name == '_' ? '-' : *name))
            return false;
    return len == 0 && *name == '\0';
}

/* Whether the text means this entry: 0 no, 1 by its own name, 2 by its instance's. */
static int matches(const struct arg_entry *entry, const char *text, size_t len)
{
    if (names(text, len, entry->arg->name))
        return 1;
    size_t prefix = entry->instance != NULL ? strlen(entry->instance) : 0;
    if (prefix > 0 && len > prefix + 1 && names(text, prefix, entry->instance) &&
        (text[prefix] == '-' || text[prefix] == '_') &&
        names(text + prefix + 1, len - prefix - 1, entry->arg->name))
        return 2;
    return 0;
}

/* What a name stands for: 1 or 2 as `matches`, 0 when nothing; *type is that of the arguments. */
static int look_up(const struct arg_program *program, const char *text, size_t len, enum arg_type *type)
{
    int found = 0;
    for (size_t i = 0; i < program->count && found != 1; i++) {
        int how = matches(&program->entries[i], text, len);
        if (how != 0 && (found == 0 || how < found)) {
            found = how;
            *type = program->entries[i].arg->type;
        }
    }
    return found;
}

static enum arg_result unknown(const struct arg_program *program, const char *text, size_t len)
{
    char best[ARG_NAME_SIZE] = "", name[ARG_NAME_SIZE + 3];
    size_t most = len < 4 ? 1 : len < 8 ? 2 : 3, least = most + 1;
    for (size_t i = 0; i < program->count * 3 + 2; i++) {
        const struct arg_entry *entry = i / 3 < program->count ? &program->entries[i / 3] : NULL;
        if (entry == NULL) {
            strcpy(name, i % 2 == 0 ? "log" : "help");
        } else if (i % 3 == 2) {
            if (entry->arg->type != ARG_TYPE_BOOL)
                continue;
            strcpy(name, "no-");
            arg_name(name + 3, NULL, entry->arg->name);
        } else {
            if (i % 3 == 1 && entry->instance == NULL)
                continue;
            arg_name(name, i % 3 == 1 ? entry->instance : NULL, entry->arg->name);
        }
        size_t d = edit_distance(text, len, name, strlen(name), most);
        if (d < least && strlen(name) < sizeof best) {
            least = d;
            strcpy(best, name);
        }
    }
    if (best[0] != '\0')
        return bad(program, "there is no argument --%.*s; did you mean --%s?", (int)len, text, best);
    return bad(program, "there is no argument --%.*s; --help lists them", (int)len, text);
}

/* Give `value` to each argument that the name stands for. */
static enum arg_result set(const struct arg_program *program, const char *text, size_t len, int how,
                           const char *value, bool *fresh)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct arg *arg = program->entries[i].arg;
        if (matches(&program->entries[i], text, len) != how)
            continue;
        /* The first value of a list replaces its default. */
        if (fresh[i] && (arg->type == ARG_TYPE_STRINGS || arg->type == ARG_TYPE_IPS))
            arg_clear(arg);
        fresh[i] = false;
        err error = arg_set(arg, value);
        if (error == ERR_NO_MEMORY)
            return bad(program, "no memory for --%.*s", (int)len, text);
        if (error != OK)
            return bad(program, "--%.*s=%.200s: expected %s", (int)len, text, value, arg_expected(arg->type));
        if (arg->given != NULL)
            *arg->given = true;
    }
    return ARG_RUN;
}

static enum arg_result set_defaults(const struct arg_program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct arg *arg = program->entries[i].arg;
        if (arg->given != NULL)
            *arg->given = false;
        arg_clear(arg);
        if (arg->default_text == NULL || arg_set(arg, arg->default_text) == OK)
            continue;
        /* The default of these types may be any C expression, which the variable has as its initial value. */
        if (arg->type == ARG_TYPE_BOOL || arg->type == ARG_TYPE_INT || arg->type == ARG_TYPE_PORT)
            continue;
        return bad(program, "the default of --%s, %s, is not %s", arg->name, arg->default_text,
                   arg_expected(arg->type));
    }
    return ARG_RUN;
}

/* Join the values of all --log, so that each adds to those before. */
static enum arg_result add_log(const struct arg_program *program, char **spec, const char *value)
{
    size_t had = *spec != NULL ? strlen(*spec) : 0;
    char *joined = realloc(*spec, had + strlen(value) + 2);
    if (joined == NULL)
        return bad(program, "no memory for --log");
    *spec = joined;
    if (had > 0)
        joined[had++] = ',';
    strcpy(joined + had, value);
    switch (log_configure(joined)) {
    case OK: return ARG_RUN;
    case ERR_NO_MEMORY: return bad(program, "no memory for --log");
    default:
        return bad(program,
                   "--log=%.200s: expected levels as tcp:debug,*:info, each one of error, "
                   "warning, info, debug or quiet",
                   value);
    }
}

enum arg_result arg_parse(const struct arg_program *program, int argc, char *const *argv)
{
    char *log_spec = NULL;
    bool *fresh = malloc(program->count + 1);
    enum arg_result result = ARG_RUN;
    if (fresh == NULL)
        return bad(program, "no memory for the arguments");
    memset(fresh, true, program->count + 1);
    result = set_defaults(program);

    for (int i = 1; i < argc && result == ARG_RUN; i++) {
        const char *text = argv[i];
        if (text[0] != '-' || text[1] != '-' || text[2] == '\0') {
            if (strcmp(text, "-h") == 0) {
                arg_help(program);
                result = ARG_DONE;
            } else {
                result = bad(program, "unexpected %.200s; arguments are written --name=value", text);
            }
            continue;
        }
        text += 2;
        size_t len = strcspn(text, "=");
        const char *value = text[len] == '=' ? text + len + 1 : NULL;
        enum arg_type type = ARG_TYPE_STRING;
        int how = look_up(program, text, len, &type);
        bool is_log = how == 0 && names(text, len, "log");
        if (how == 0 && names(text, len, "help")) {
            arg_help(program);
            result = ARG_DONE;
            continue;
        }
        if (how == 0 && !is_log) {
            bool no = len > 3 && names(text, 3, "no-");
            how = no ? look_up(program, text + 3, len - 3, &type) : 0;
            if (how == 0)
                result = unknown(program, text, len);
            else if (type != ARG_TYPE_BOOL)
                result = bad(program,
                             "--%.*s: only a yes-or-no argument can be negated, and --%.*s "
                             "is %s",
                             (int)len, text, (int)len - 3, text + 3, arg_expected(type));
            else if (value != NULL)
                result = bad(program, "--%.*s takes no value", (int)len, text);
            else
                result = set(program, text + 3, len - 3, how, "false", fresh);
            continue;
        }
        if (value == NULL && type == ARG_TYPE_BOOL && !is_log)
            value = "true";
        if (value == NULL) {
            if (i + 1 >= argc || strncmp(argv[i + 1], "--", 2) == 0) {
                result = bad(program, "--%.*s needs a value: %s", (int)len, text,
                             is_log ? "levels as tcp:debug,*:info" : arg_expected(type));
                continue;
            }
            value = argv[++i];
        }
        result = is_log ? add_log(program, &log_spec, value) : set(program, text, len, how, value, fresh);
    }
    free(log_spec);
    free(fresh);
    return result;
}
