// expect: null_argument.c:8: error: argument 1 of 'hello' is NULL
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello",
                 apply(hello, NULL));
}
