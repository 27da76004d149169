#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, hello);

ARG_INT(repeats, 4, "how often to say it");

IO err hello_start(struct console *console)
{
    for (int64_t i = 0; i < repeats; i++) {
        TRY(console_log(console, "hello"));
        os_sleep(SECONDS(1));
        TRY(console_log(console, "world"));
    }
    return OK;
}
