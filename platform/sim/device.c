#include "sim.h"

/* There is no device from outside, because the seed would not determine what it does. */
err platform_device(const char *kind, const char *name, intptr_t *handle)
{
    (void)kind, (void)name, (void)handle;
    return ERR_NOT_FOUND;
}
