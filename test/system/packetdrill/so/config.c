/* The project's own stack, between packetdrill's packets and packetdrill's system calls. */
#include <mirage/config.h>

void config(void)
{
    functor(NETWORK) netdev = foreign("netdev.c", NETWORK);
    functor(JOB, STACK) sockets = foreign("sockets", JOB, STACK);
    register_job("sockets", apply(sockets, generic_stack(apply(netdev))));
}
