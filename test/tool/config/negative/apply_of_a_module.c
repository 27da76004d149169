// gcc: apply_of_a_module.c:7:33: error: called object 'default_console()' is not a function or function pointer
// clang: apply_of_a_module.c:7: 'CONSOLE'
#include <mirage/config.h>

void config(void)
{
    register_job("hello", apply(default_console(), default_pclock()));
}
