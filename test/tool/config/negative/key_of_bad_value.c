// keys: --net=sockets
// expect: mirage: error: 'sockets' is no value of the key --net: it is one of socket, direct; did you mean 'socket'?
#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) serve = foreign("../modules/hello.c", JOB, STACK);
    register_job("serve", apply(serve, generic_stack()));
}
