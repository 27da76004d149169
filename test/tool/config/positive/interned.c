// graph: 0: console_unix() -> CONSOLE @13
// graph: 1: hello.c(CONSOLE) -> CONSOLE 0 @14
// graph: 2: hello.c(CONSOLE) -> CONSOLE 1 @14
// graph: 3: hello.c(CONSOLE, CONSOLE, CONSOLE) -> JOB 1 1 2 @15
// graph: job hello: 3 @15
#include <mirage/config.h>

void config(void)
{
    functor(CONSOLE, CONSOLE) twice = foreign("../modules/hello.c", CONSOLE, CONSOLE);
    functor(CONSOLE, CONSOLE) again = foreign("../../config/modules/hello.c", CONSOLE, CONSOLE);
    functor(JOB, CONSOLE, CONSOLE, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE, CONSOLE, CONSOLE);
    CONSOLE console = default_console();
    CONSOLE once = apply(twice, console), thrice = apply(twice, apply(twice, console));
    register_job("hello", apply(hello, once, apply(again, default_console()), thrice));
}
