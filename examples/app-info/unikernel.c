#include <mirage/functor.h>
#include <mirage/program.h>

#include <stdarg.h>
#include <stdio.h>

PARAM(CONSOLE, console);
PARAM(STACK, stack);
MODULE(JOB, app_info);

ARG_STRING(greeting, "hello", "an argument, to be listed below");

__attribute__((format(printf, 2, 3))) static IO err print(struct console *console, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return console_log(console, line);
}

static IO err print_modules(struct console *console)
{
    TRY(print(console, "Modules:"));
    for (size_t i = 0; i < program_info.module_count; i++) {
        const struct program_module *m = &program_info.modules[i];
        TRY(print(console, "  %s: %s = %s, from %s", m->name, m->signature, m->made_of, m->source));
    }
    return OK;
}

static IO err print_arguments(struct console *console)
{
    TRY(print(console, "Arguments:"));
    for (size_t i = 0; i < program_info.arguments->count; i++) {
        const struct arg_entry *entry = &program_info.arguments->entries[i];
        TRY(print(console, "  %s of %s: %s", entry->arg->name, entry->instance, entry->arg->doc));
    }
    return OK;
}

static IO err print_addresses(struct console *console, struct stack *stack)
{
    struct ip_cidr addresses[16];
    size_t count = stack_ip_addresses(stack_get_ip(stack), addresses, 16);
    char text[IP_TEXT_SIZE];

    TRY(print(console, "Addresses:"));
    for (size_t i = 0; i < count && i < 16; i++)
        TRY(print(console, "  %s", ip_cidr_format(&addresses[i], text)));
    return OK;
}

IO err app_info_start(struct console *console, struct stack *stack)
{
    TRY(print(console, "%s, for the target %s, %s", program_info.name, program_info.target,
              program_info.release ? "optimised across modules" : "for development"));
    TRY(print_modules(console));
    TRY(print_arguments(console));
    return print_addresses(console, stack);
}
