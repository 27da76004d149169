#include <stdlib.h>

#include <platform/platform.h>

void platform_exit(int status)
{
    exit(status);
}
