#include "sim.h"

/* There is no input, because the seed would not determine it. */
err platform_console_read(void *out, size_t size, size_t *len)
{
    (void)out, (void)size, (void)len;
    return ERR_END;
}
