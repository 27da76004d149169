// graph: 0: hello.c() -> CLOCKWORK @12
// graph: 1: hello.c(CLOCKWORK) -> JOB 0 @12
// graph: job tick: 1 @12
#include <mirage/config.h>

config_type(CLOCKWORK);

void config(void)
{
    functor(CLOCKWORK) make = foreign("../modules/hello.c", CLOCKWORK);
    functor(JOB, CLOCKWORK) tick = foreign("../modules/hello.c", JOB, CLOCKWORK);
    register_job("tick", apply(tick, apply(make)));
}
