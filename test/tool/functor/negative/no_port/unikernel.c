#include <mirage/functor.h>

MODULE(JOB, serve);

ARG_PORT(port, 99999, "where to listen");

IO err serve_start(void)
{
    return port == 0 ? ERR_INVALID : OK;
}
