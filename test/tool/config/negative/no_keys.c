// keys: --quiet
// expect: mirage: error: there is no key --quiet: this configuration has none; an argument of the program itself follows --, as in `mirage run -- --quiet`
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, default_console()));
}
