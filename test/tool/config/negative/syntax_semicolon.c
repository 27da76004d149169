// gcc: syntax_semicolon.c:8:5: error: expected ',' or ';' before 'register_job'
// clang: syntax_semicolon.c:7: ';'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE)
    register_job("hello", apply(hello, default_console()));
}
