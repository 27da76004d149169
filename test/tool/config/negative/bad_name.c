// expect: bad_name.c:7: error: 'my console' cannot name a module: a name is letters, digits and underscores, and begins with a letter
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, named(default_console(), "my console")));
}
