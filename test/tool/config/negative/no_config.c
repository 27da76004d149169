// expect: no_config.c:1: error: there is no function config: write void config(void) { ... register_job(...); }
#include <mirage/config.h>

void configure(void)
{
}
