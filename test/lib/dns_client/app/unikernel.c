/*
 * Performs commands such as "all NAME" and "sleep 100ms" one after the other, and prints the result of each.
 */
#include <mirage/functor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

PARAM(CONSOLE, console);
PARAM(RESOLVER, resolver);
MODULE(JOB, lookup);

ARG_STRINGS(command, NULL,
            "what to do: all, v4, v6, srv, txt and a name, or sleep and milliseconds; & in front: at once "
            "with what follows");
ARG_DURATION(patience, "60s", "how long one may take");

struct step {
    struct console *console;
    struct resolver *resolver;
    const char *text;
};

enum { ROOM = 16, LINE = 2048 };

static IO err addresses(struct resolver *resolver, char kind, const char *name, char *line, size_t size)
{
    struct ip_addr out[ROOM];
    size_t count = 0;
    char text[IP_TEXT_SIZE];
    if (kind == 'a')
        TRY(resolver_resolve(resolver, name, out, ROOM, &count));
    else
        TRY(resolver_resolve_family(resolver, name, kind == '4' ? RESOLVER_IPV4 : RESOLVER_IPV6, out, ROOM,
                                    &count));
    for (size_t i = 0; i < count; i++)
        snprintf(line + strlen(line), size - strlen(line), " %s", ip_format(&out[i], text));
    return OK;
}

static IO err services(struct resolver *resolver, const char *name, char *line, size_t size)
{
    struct resolver_service out[ROOM];
    size_t count = 0;
    TRY(resolver_resolve_services(resolver, name, out, ROOM, &count));
    for (size_t i = 0; i < count; i++)
        snprintf(line + strlen(line), size - strlen(line), " %u/%u/%s:%u", out[i].priority, out[i].weight,
                 out[i].host, out[i].port);
    return OK;
}

static IO err texts(struct resolver *resolver, const char *name, char *line, size_t size)
{
    struct buf *out;
    TRY(resolver_resolve_texts(resolver, name, &out));
    for (struct buf *b = out; b != NULL; b = b->next)
        snprintf(line + strlen(line), size - strlen(line), " [%.*s]", (int)(b->len < 100 ? b->len : 100),
                 (const char *)b->data);
    buf_free(out);
    return OK;
}

static IO err carry_out(void *arg)
{
    struct step *step = arg;
    char line[LINE];
    const char *name = strchr(step->text, ' ');
    err e = ERR_INVALID;
    name = name != NULL ? name + 1 : "";
    snprintf(line, sizeof line, "%s:", step->text);
    OS_DEADLINE(os_now() + patience)
    {
        if (strncmp(step->text, "srv ", 4) == 0)
            e = services(step->resolver, name, line, sizeof line);
        else if (strncmp(step->text, "txt ", 4) == 0)
            e = texts(step->resolver, name, line, sizeof line);
        else if (strncmp(step->text, "sleep ", 6) == 0)
            e = os_sleep_until(os_now() + MILLISECONDS(atoi(name)));
        else
            e = addresses(step->resolver, step->text[0] == 'v' ? step->text[1] : 'a', name, line,
                          sizeof line);
    }
    if (e != OK)
        snprintf(line + strlen(line), sizeof line - strlen(line), " %s", err_string(e));
    return console_log(step->console, line);
}

IO err lookup_start(struct console *console, struct resolver *resolver)
{
    struct step steps[64];
    struct os_group group;
    err e = OK;
    for (size_t i = 0; i < command.count && e == OK;) {
        size_t n = 0;
        bool more = true;
        os_group_init(&group);
        while (more && i < command.count && e == OK && n < sizeof steps / sizeof *steps) {
            const char *text = command.items[i++];
            more = *text == '&';
            steps[n] = (struct step){ console, resolver, text + more };
            e = os_group_spawn(&group, carry_out, &steps[n++]);
        }
        err joined = os_group_join(&group);
        if (e == OK)
            e = joined;
    }
    return e;
}
