// keys: --targte=sim
// expect: mirage: error: there is no key --targte: did you mean --target? This configuration has none
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
}
