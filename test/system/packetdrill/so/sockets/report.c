/* What programs that a script calls, such as sockstat and nstat, know of the stack. */
#include "private.h"

#include <stdio.h>

/* Write the states of all connections, and the counters, when they have changed. */
void report_look(struct sockets *all)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = host_reports() ? open_memstream(&text, &len) : NULL;
    if (out == NULL)
        return;
    inside_report(all->tcp, out);
    for (int fd = 0; fd < HOST_FDS_MAX; fd++) {
        const struct socket *socket = all->fds[fd];
        if (socket != NULL && socket->kind == KIND_FLOW && inside_is_closed(socket->flow) &&
            inside_error(socket->flow) != OK)
            inside_report_closed(socket->flow, out);
    }
    if (fclose(out) == 0 && (all->reported == NULL || strcmp(text, all->reported) != 0)) {
        host_report(text);
        free(all->reported);
        all->reported = text;
        text = NULL;
    }
    free(text);
}
