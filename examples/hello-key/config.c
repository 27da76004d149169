#include <mirage/config.h>

void config(void)
{
    STRING_KEY greeting = key_string("greeting", "Hello World!", "what the program says");

    functor(JOB, CONSOLE) hello = foreign("unikernel.c", JOB, CONSOLE);
    hello = set_string(hello, "greeting", greeting);
    register_job("hello", apply(hello, default_console()));
}
