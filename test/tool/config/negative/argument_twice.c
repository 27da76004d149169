// expect: argument_twice.c:8: error: there are two runtime arguments named 'greeting': the other is on line 7
#include <mirage/config.h>

void config(void)
{
    functor(JOB, CONSOLE) hello = foreign("../modules/hello.c", JOB, CONSOLE);
    runtime_arg("greeting", "string", "hello", "what to say");
    runtime_arg("greeting", "string", "world", "what else to say");
    register_job("hello", apply(hello, default_console()));
}
