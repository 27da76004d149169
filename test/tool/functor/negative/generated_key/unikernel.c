#include <mirage/functor.h>

MODULE(JOB, unikernel);
GENERATED(crunch, folder, level);

KEY_STRING(folder, "files", "what is compiled in");
KEY_INT(level, 9, 0, 9, "how hard it is compressed");

IO err unikernel_start(void)
{
    return OK;
}
