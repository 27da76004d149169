#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK, NETWORK) job = foreign("job.c", JOB, NETWORK, NETWORK);
    SWITCH sw = vnet();
    register_job("job", apply(job, set_string(trace(vnet_port(sw, "left")), "label", "left"),
                              trace(vnet_port(sw, "right"))));
}
