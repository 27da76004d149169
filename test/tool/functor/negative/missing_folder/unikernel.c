#include <mirage/functor.h>

PARAM(KV_RO, files);
MODULE(JOB, unikernel);

IO err unikernel_start(struct files *files)
{
    (void)files;
    return OK;
}
