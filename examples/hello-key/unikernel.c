#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, hello);

KEY_STRING(greeting, "hello", "what to say");

IO err hello_start(struct console *console)
{
    return console_log(console, key_greeting);
}
