// gcc: catalogue_argument.c:8:29: error: passing argument 1 of 'http_server' from incompatible pointer type: expected 'STACK' but argument is of type 'CONSOLE'
// clang: catalogue_argument.c:8: 'CONSOLE' 'STACK'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    HTTP http = http_server(default_console());
    register_job("hello", apply(hello, default_console()));
    (void)http;
}
