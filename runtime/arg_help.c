/* Runtime arguments: what --help prints. */
#include "arg_private.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMN_MOST 32
#define WIDTH 96

/* A text that grows. What does not fit for want of memory is dropped. */
struct text {
    char *data;
    size_t len, room;
};

__attribute__((format(printf, 2, 3))) static void print(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int more = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (more <= 0)
        return;
    if (text->len + (size_t)more + 1 > text->room) {
        size_t room = text->room * 2 + (size_t)more + 1024;
        char *data = realloc(text->data, room);
        if (data == NULL)
            return;
        text->data = data;
        text->room = room;
    }
    va_start(args, format);
    vsnprintf(text->data + text->len, text->room - text->len, format, args);
    va_end(args);
    text->len += (size_t)more;
}

static void left_side(char *out, size_t size, const struct arg *arg)
{
    char name[ARG_NAME_SIZE];
    arg_name(name, NULL, arg->name);
    if (arg->type == ARG_TYPE_BOOL)
        snprintf(out, size, "--[no-]%s", name);
    else
        snprintf(out, size, "--%s=%s", name, arg_placeholder(arg->type));
}

/* Write the words in lines that begin at the given column. The first line has reached it already. */
static void print_wrapped(struct text *text, int column, const char *words)
{
    int at = column;
    while (*words != '\0') {
        int len = (int)strcspn(words, " ");
        if (at > column && at + 1 + len > WIDTH) {
            print(text, "\n%*s", column, "");
            at = column;
        } else if (at > column) {
            print(text, " ");
            at++;
        }
        print(text, "%.*s", len, words);
        at += len;
        words += len;
        words += strspn(words, " ");
    }
    print(text, "\n");
}

static void print_line(struct text *text, int column, const char *left, const char *right)
{
    if ((int)strlen(left) + 4 <= column)
        print(text, "  %-*s", column - 2, left);
    else
        print(text, "  %s\n%*s", left, column, "");
    print_wrapped(text, column, right);
}

static bool same_entry(const struct arg_entry *a, const struct arg_entry *b)
{
    return strcmp(a->arg->name, b->arg->name) == 0;
}

static bool same_instance(const struct arg_entry *a, const struct arg_entry *b)
{
    const char *x = a->instance, *y = b->instance;
    return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* Returns how many entries have the same name as this one; *first is the first of them. */
static size_t count_named(const struct arg_program *program, size_t i, size_t *first)
{
    size_t n = 0;
    for (size_t j = program->count; j-- > 0;) {
        if (same_entry(&program->entries[j], &program->entries[i])) {
            n++;
            *first = j;
        }
    }
    return n;
}

static void print_argument(struct text *text, const struct arg_program *program, size_t i, int column,
                           bool shared)
{
    const struct arg *arg = program->entries[i].arg;
    struct text right = { 0 };
    char left[ARG_NAME_SIZE + 32];
    left_side(left, sizeof left, arg);
    print(&right, "%s", arg->doc != NULL ? arg->doc : "");
    if (arg->default_text != NULL && arg->default_text[0] != '\0')
        print(&right, " (default %s)", arg->default_text);
    if (shared) {
        char name[ARG_NAME_SIZE];
        const char *before = "; for one of them:";
        for (size_t j = i; j < program->count; j++) {
            if (!same_entry(&program->entries[j], &program->entries[i]) ||
                program->entries[j].instance == NULL)
                continue;
            arg_name(name, program->entries[j].instance, arg->name);
            print(&right, "%s --%s", before, name);
            before = ",";
        }
    }
    print_line(text, column, left, right.data != NULL ? right.data : "");
    free(right.data);
}

void arg_help(const struct arg_program *program)
{
    struct text text = { 0 };
    size_t first = 0;
    int column = (int)strlen("--log=SOURCE:LEVEL,...") + 4;
    bool heading = false;
    for (size_t i = 0; i < program->count; i++) {
        char left[ARG_NAME_SIZE + 32];
        left_side(left, sizeof left, program->entries[i].arg);
        if ((int)strlen(left) + 4 > column)
            column = (int)strlen(left) + 4;
    }
    if (column > COLUMN_MOST)
        column = COLUMN_MOST;

    print(&text, "Usage: %s [--argument=value ...]\n", program->name);
    if (program->summary != NULL && program->summary[0] != '\0')
        print(&text, "\n%s\n", program->summary);

    /* First the arguments that several instances have, since their name sets them all. */
    for (size_t i = 0; i < program->count; i++) {
        if (count_named(program, i, &first) == 1 || first != i)
            continue;
        if (!heading)
            print(&text, "\nArguments of several instances:\n");
        heading = true;
        print_argument(&text, program, i, column, true);
    }
    /* Then those of each instance, in the order of their first argument. */
    for (size_t i = 0; i < program->count; i++) {
        const struct arg_entry *entry = &program->entries[i];
        bool seen = false;
        heading = false;
        for (size_t j = 0; j < i; j++)
            seen |= same_instance(&program->entries[j], entry);
        for (size_t j = i; j < program->count && !seen; j++) {
            if (!same_instance(&program->entries[j], entry) || count_named(program, j, &first) > 1)
                continue;
            if (!heading && entry->instance != NULL)
                print(&text, "\nArguments of %s:\n", entry->instance);
            else if (!heading)
                print(&text, "\nArguments:\n");
            heading = true;
            print_argument(&text, program, j, column, false);
        }
    }
    print(&text, "\nArguments of every program:\n");
    print_line(&text, column, "--log=SOURCE:LEVEL,...",
               "what is logged, as tcp:debug,*:info; levels are error, warning, info, debug and "
               "quiet; limit:N allows N lines a second, and limit:0 any number (default *:info,limit:20)");
    print_line(&text, column, "--help", "this text");
    if (text.data != NULL)
        platform_console_write(PLATFORM_OUT, text.data, text.len);
    free(text.data);
}
