#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK, NETWORK, NETWORK) job = foreign("job.c", JOB, NETWORK, NETWORK, NETWORK);
    SWITCH sw = set_int(vnet(), "ageing", 1);
    NETWORK plain = set_bool(set_bool(set_bool(vnet_port(sw, "plain"), "csum_out", false), "csum_in", false),
                             "lro", false);

    register_job("job", apply(job, vnet_port(sw, "left"), vnet_port(sw, "right"),
                              set_string(plain, "mac", "02:aa:bb:cc:dd:ee")));
}
