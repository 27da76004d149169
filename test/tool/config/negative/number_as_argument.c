// gcc: number_as_argument.c:8:40: error: passing argument 1 of 'hello' makes pointer from integer without a cast: expected 'CONSOLE' but argument is of type 'int'
// clang: number_as_argument.c:8: 'int' 'CONSOLE'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, 3));
}
