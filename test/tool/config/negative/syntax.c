// gcc: syntax.c:8:17: error: unterminated argument list invoking macro "register_job"
// clang: syntax.c:8: 
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console())
}
