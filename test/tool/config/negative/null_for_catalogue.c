// expect: null_for_catalogue.c:8: error: argument 1 of 'http_server' is NULL
#include <mirage/config.h>

void config(void)
{
    STACK stack = NULL;
    HTTP http =
        http_server(stack);
    (void)http;
}
