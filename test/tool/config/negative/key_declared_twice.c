// expect: key_declared_twice.c:7: error: the key 'quiet' is declared otherwise than on line 6
#include <mirage/config.h>

void config(void)
{
    BOOL_KEY quiet = key_bool("quiet", false, "say less");
    BOOL_KEY silent = key_bool("quiet", true, "say less");
    (void)quiet, (void)silent;
}
