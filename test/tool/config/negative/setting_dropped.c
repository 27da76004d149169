// expect: setting_dropped.c:7: error: what set_int returns is not used: it is a new module or functor, and the old one stays as it was; keep it: x = set_int(x, ...)
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    set_int(hello, "times", 3);
    register_job("hello", apply(hello, default_console()));
}
