// keys: --port=9090
// expect: mirage: error: there is no key --port: this configuration has --net; an argument of the program itself follows --, as in `mirage run -- --port=9090`
#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) serve = foreign("../modules/hello.c", JOB, STACK);
    register_job("serve", apply(serve, generic_stack()));
}
