// keys: --net
// expect: mirage: error: the key --net needs a value: --net=...
#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) serve = foreign("../modules/hello.c", JOB, STACK);
    register_job("serve", apply(serve, generic_stack()));
}
