// expect: default_network.c:7: error: default_network() is not in this version, which has only the host's sockets
#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK) ping = foreign("../modules/hello.c", JOB, NETWORK);
    register_job("ping", apply(ping, default_network()));
}
