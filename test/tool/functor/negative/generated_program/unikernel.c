#include <mirage/functor.h>

MODULE(JOB, unikernel);
GENERATED(crush, folder);

KEY_STRING(folder, "files", "what is compiled in");

IO err unikernel_start(void)
{
    return OK;
}
