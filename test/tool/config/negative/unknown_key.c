// keys: --nett=socket
// expect: mirage: error: there is no key --nett: did you mean --net? This configuration has --net
#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) serve = foreign("../modules/hello.c", JOB, STACK);
    register_job("serve", apply(serve, generic_stack()));
}
