// expect: name_dropped.c:8: error: what named returns is not used: it is a new module or functor, and the old one stays as it was; keep it: x = named(x, ...)
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    CONSOLE console = default_console();
    named(console, "screen");
    register_job("hello", apply(hello, console));
}
