// expect: undefined_symbol.c:9: error: 'my_console' is declared and used, but nothing defines it
#include <mirage/config.h>

CONSOLE my_console(void);

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, my_console()));
}
