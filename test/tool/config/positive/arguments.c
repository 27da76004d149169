// graph: 0: console_unix() -> CONSOLE @13
// graph: 1: hello.c(CONSOLE) -> JOB 0 @13
// graph: job hello: 1 @13
// graph: arg port: port
// graph: arg name: string
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    runtime_arg("port", "port", "8080", "where to listen");
    runtime_arg("name", "string", NULL, "who");
    register_job("hello", apply(hello, default_console()));
}
