#include <mirage/config.h>

static SWITCH sw;

static NETWORK bad(const char *name, const char *out, const char *in)
{
    NETWORK line = set_int(fault(vnet_port(sw, name)), "seed", 7);
    if (out != NULL)
        line = set_string(line, "out", out);
    if (in != NULL)
        line = set_string(line, "in", in);
    return line;
}

void config(void)
{
    functor(JOB, NETWORK, NETWORK, NETWORK, NETWORK) job =
        foreign("job.c", JOB, NETWORK, NETWORK, NETWORK, NETWORK);
    sw = set_int(vnet(), "ageing", 100000);
    register_job("job", apply(job, vnet_port(sw, "source"),
                              bad("many", "loss=10%",
                                  "loss=5%,duplicate=2%,corrupt=1%,reorder=5%,delay=10ms,jitter=3ms"),
                              bad("slow", "rate=8M,queue=10,delay=1ms", NULL),
                              bad("twice", "reorder=50%,hold=1ms", "duplicate=100%")));
}
