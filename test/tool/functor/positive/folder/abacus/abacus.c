#include "private.h"

#include <stdlib.h>

IO err abacus_connect(struct abacus **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? ERR_NO_MEMORY : OK;
}

IO void abacus_disconnect(struct abacus *abacus)
{
    free(abacus);
}

int abacus_sum(struct abacus *abacus, int n)
{
    abacus->sums++;
    return (int)key_base + (int)extra + add_up(n);
}
