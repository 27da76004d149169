#include <stdlib.h>
#include <string.h>

#include <platform/platform.h>

/* The process dies of SIGABRT, with a core file where these are wanted. */
void platform_panic(const char *reason)
{
    static const char panic[] = "panic: ";
    platform_console_write(PLATFORM_LOG, panic, sizeof panic - 1);
    platform_console_write(PLATFORM_LOG, reason, strlen(reason));
    platform_console_write(PLATFORM_LOG, "\n", 1);
    platform_console_flush();
    abort();
}
