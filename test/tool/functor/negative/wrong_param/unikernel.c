#include <mirage/functor.h>

PARAM(KV_RO, files);
MODULE(JOB, hello);

IO err hello_start(struct files *files)
{
    (void)files;
    return OK;
}
