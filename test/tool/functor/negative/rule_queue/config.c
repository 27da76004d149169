#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK) look = foreign("look.c", JOB, NETWORK);
    NETWORK port = set_int(vnet_port(vnet(), "a"), "queue_bytes", 1513);

    register_job("look", apply(look, port));
}
