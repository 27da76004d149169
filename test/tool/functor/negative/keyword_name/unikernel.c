#include <mirage/functor.h>

PARAM(CONSOLE, if);
MODULE(JOB, hello);

IO err hello_start(struct console *console) { return console_log(console, "x"); }
