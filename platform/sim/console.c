#include "sim.h"

/* What somebody types would be no part of the seed. */
err platform_console_read(void *out, size_t size, size_t *len)
{
    (void)out, (void)size, (void)len;
    return ERR_END;
}
