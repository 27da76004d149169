// gcc: config_of_wrong_type.c:5:5: error: conflicting types for 'config'; have 'int(void)'
// clang: config_of_wrong_type.c:5: 'config'
#include <mirage/config.h>

int config(void)
{
    return 0;
}
