// graph: 0: console_unix() -> CONSOLE @9
// graph: 1: hello.c(CONSOLE) -> JOB 0 @9
// graph: job hello: 1 @9
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
}
