#include <mirage/functor.h>

PARAM(CONSOLE, console);
MODULE(JOB, hello);
MODULE(JOB, hullo);
