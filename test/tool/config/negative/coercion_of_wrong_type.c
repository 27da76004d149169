// gcc: coercion_of_wrong_type.c:7:28: error: passing argument 1 of 'kv_ro_of' from incompatible pointer type: expected 'KV_RW' but argument is of type 'CONSOLE'
// clang: coercion_of_wrong_type.c:7: 'CONSOLE' 'KV_RW'
#include <mirage/config.h>

void config(void)
{
    KV_RO files = kv_ro_of(default_console());
    (void)files;
}
