// graph: 0: console_unix() -> CONSOLE @10
// graph: 1: hello.c(CONSOLE) -> JOB 0 @16
// graph: job hello: 1 @16
#include <mirage/config.h>

static CONSOLE console;

__attribute__((constructor)) static void early(void)
{
    console = default_console();
}

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, console));
}
