#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, hello);

IO err hello_start(struct buf *b)
{
    buf_free(b);
    return OK;
}
