/* A console on the platform's own output, for targets where writing to it never has to wait for an event. */
#include <mirage/functor.h>
#include <platform/platform.h>

#include <stdlib.h>
#include <string.h>

MODULE(CONSOLE, console_plain);

struct console_plain {
    char line[512]; /* room for a line with its line feed */
};

IO err console_plain_connect(struct console_plain **out)
{
    *out = malloc(sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void console_plain_disconnect(struct console_plain *console)
{
    free(console);
}

IO err console_plain_write(struct console_plain *console, const void *data, size_t len)
{
    (void)console;
    platform_console_write(PLATFORM_OUT, data, len);
    return OK;
}

IO err console_plain_log(struct console_plain *console, const char *line)
{
    size_t len = strlen(line);

    if (len < sizeof console->line) {
        memcpy(console->line, line, len);
        console->line[len] = '\n';
        platform_console_write(PLATFORM_OUT, console->line, len + 1);
    } else {
        platform_console_write(PLATFORM_OUT, line, len);
        platform_console_write(PLATFORM_OUT, "\n", 1);
    }
    return OK;
}
