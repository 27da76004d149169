// expect: job_and_module_of_one_name.c:7: error: the job 'hello' has the name of a module: the module is on line 7
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    register_job("hello", apply(hello, named(default_console(), "hello")));
}
