#include <mirage/config.h>

/*
 * The line is as bad as TCP must bear: 5 % loss, 5 % reordering, 2 % duplication, 1 % corruption, varying
 * delay.
 */
#define BAD "loss=5%,reorder=5%,duplicate=2%,corrupt=1%,delay=3ms,jitter=2ms"

void config(void)
{
    functor(JOB, STACK, STACK) job = foreign("job.c", JOB, STACK, STACK);
    SWITCH sw = vnet();
    NETWORK client = set_string(set_string(fault(vnet_port(sw, "client")), "out", BAD), "in", BAD);
    register_job("job", apply(job, generic_stack(client), generic_stack(vnet_port(sw, "server"))));
}
