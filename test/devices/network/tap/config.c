#include <mirage/config.h>

void config(void)
{
    functor(JOB, NETWORK) job = foreign("job.c", JOB, NETWORK);
    register_job("job", apply(job, if_impl(key_bool("plain", false, "without offloads"),
                                           set_bool(tap("mirage0"), "offloads", false), default_network())));
}
