// gcc: wrong_variable.c:9:40: error: passing argument 1 of 'hello' from incompatible pointer type: expected 'CONSOLE' but argument is of type 'STACK'
// clang: wrong_variable.c:9: 'STACK' 'CONSOLE'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    STACK stack = socket_stack();
    register_job("hello", apply(hello, stack));
}
