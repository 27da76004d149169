#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK, NETWORK) job = foreign("job.c", JOB, NETWORK, NETWORK);
    SWITCH sw = vnet();
    register_job("job",
                 apply(job, pcap(vnet_port(sw, "left"), "all.pcap"),
                       pcap(set_int(pcap(vnet_port(sw, "right"), "heads.pcap"), "snap", 60), "outer.pcap")));
}
