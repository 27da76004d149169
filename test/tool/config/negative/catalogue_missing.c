// gcc: catalogue_missing.c:7:17: error: too few arguments to function 'http_server'
// clang: catalogue_missing.c:7: 'stack'
#include <mirage/config.h>

void config(void)
{
    HTTP http = http_server();
    (void)http;
}
