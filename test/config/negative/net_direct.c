// keys: --net=direct
// expect: net_direct.c:8: error: --net=direct is not in this version, which has only the host's sockets: use --net=socket
#include <mirage/config.h>

void config(void)
{
    functor(JOB, STACK) serve = foreign("../modules/hello.c", JOB, STACK);
    register_job("serve", apply(serve, generic_stack()));
}
