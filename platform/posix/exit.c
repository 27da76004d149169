#include <stdlib.h>

#include <mirage/platform.h>

void platform_exit(int status)
{
    exit(status);
}
