// gcc: wrong_argument.c:10:24: error: passing argument 1 of 'hello' from incompatible pointer type: expected 'CONSOLE' but argument is of type 'KV_RO'
// clang: wrong_argument.c:10: 'KV_RO' 'CONSOLE'
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello",
                 apply(hello,
                       crunch("../modules")));
}
